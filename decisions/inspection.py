"""What can be told of a PDF record from the file alone?

Strangers' files are read here, so `apart` does it in a process that holds no secret and no
database, opens no connection, and is ended when it takes too much time or memory.
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from decisions import evaluation, seals
from decisions.rendering import attachments, readback
from decisions.rendering.readback import Held, NotARecord
from decisions.version import FORMULA_VERSION

MOST_SECONDS = 40
MOST_MEGABYTES = 1024
HOME = Path(__file__).resolve().parent.parent
SCHEMAS = Path(__file__).parent / "data"

FIGURES = ("options", "ranking", "break_evens", "paybacks")
"""What follows from the inputs alone. The uncertainty is drawn, so it stands as it was frozen."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check. `passed` is None where it could not be made."""

    check: str
    passed: bool | None
    says: str


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What a file says of itself, and whether that fits together."""

    record_id: str
    record_json: str
    sha256: str
    certificate: dict[str, Any] | None
    checks: list[Check]


def apart(pdf: bytes) -> Inspected:
    """Inspect a file in a process of its own. Raises `NotARecord`."""
    if len(pdf) > readback.MOST_BYTES:
        raise NotARecord(f"The file is larger than {readback.MOST_BYTES // 2**20} MB.")
    # Nothing of this process's environment: it holds keys and passwords.
    environment = {"PYTHONPATH": str(HOME), "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    try:
        run = subprocess.run(
            [sys.executable, "-m", "decisions.inspection"],
            input=pdf,
            capture_output=True,
            timeout=MOST_SECONDS,
            env=environment,
            cwd=HOME,
            check=False,
        )
        told = json.loads(run.stdout)
    except subprocess.TimeoutExpired:
        raise NotARecord(f"Reading the file took longer than {MOST_SECONDS} s.") from None
    except ValueError:
        raise NotARecord("Reading the file took too much time or memory.") from None
    if "error" in told:
        raise NotARecord(told["error"])
    return Inspected(**{**told, "checks": [Check(**each) for each in told["checks"]]})


def inspect(pdf: bytes) -> Inspected:
    """Inspect a file here. Raises `NotARecord`."""
    held = readback.read(pdf)
    seal = _seal(pdf)
    certificate = None if seal.certificate is None else asdict(seal.certificate)
    return Inspected(
        record_id=held.record_id,
        record_json=held.record_json,
        sha256=held.sha256,
        certificate=certificate,
        checks=[*of_seal(seal), *of_contents(held)],
    )


def first_fault(pdf: bytes) -> str:
    """Return the name of the first check that fails, the cheap ones first; empty when none does."""
    try:
        failed = (check.check for check in of_seal(_seal(pdf)) if check.passed is False)
        if (name := next(failed, "")) != "":
            return name
        found = of_contents(readback.read(pdf))
        return next((check.check for check in found if check.passed is False), "")
    except NotARecord:
        return "readable"


def _seal(pdf: bytes) -> seals.Seal:
    try:
        return seals.read(pdf)
    except Exception as error:  # noqa: BLE001 - broken signatures fail in very many ways
        return seals.Seal(fault=f"The signature cannot be read: {type(error).__name__}.")


def of_seal(seal: seals.Seal) -> Iterator[Check]:
    """Yield what the signature and its timestamp prove."""
    says = "Not one byte of the file was changed or added since it was signed."
    yield Check(check="signature", passed=not seal.fault, says=seal.fault or says)
    stamp = seal.stamp
    if stamp is None:
        when = "" if seal.signed_at is None else f", {seal.signed_at:%d %B %Y, %H:%M:%S %Z}"
        says = f"No authority vouches for the time; it is the signer’s own clock’s{when}."
        yield Check(check="timestamp", passed=None, says=says)
    elif stamp.is_good:
        says = f"{stamp.authority.name} vouches that it was signed by {stamp.at:%d %B %Y, %H:%M:%S %Z}."
        yield Check(check="timestamp", passed=True, says=says)
    else:
        yield Check(check="timestamp", passed=False, says="The timestamp does not hold.")


def of_contents(held: Held) -> Iterator[Check]:
    """Yield whether pages, attachments, form and figures fit each other."""
    yield _digest_on_pages(held)
    yield _digest_in_metadata(held)
    yield _pages(held)
    record = _record(held)
    fault = _fault_of_form(record)
    says = "record.json follows its published schema."
    yield Check(check="form", passed=not fault, says=fault or says)
    if record is not None and not fault:
        yield _attached(held, record)
        yield _figures(record)


def _digest_on_pages(held: Held) -> Check:
    missing = held.pages_without(held.sha256)
    says = f"Every page prints the SHA-256 of the attached record.json, {held.sha256}."
    if missing:
        says = (
            f"Page {missing[0]} does not print the SHA-256 of the attached record.json: the "
            "attachment or the page was changed."
        )
    return Check(check="digest on the pages", passed=not missing, says=says)


def _digest_in_metadata(held: Held) -> Check:
    is_there = held.sha256 in held.subject
    says = "names" if is_there else "does not name"
    return Check(
        check="digest in the metadata",
        passed=is_there,
        says=f"The PDF’s description {says} the SHA-256 of the attached record.json.",
    )


def _pages(held: Held) -> Check:
    wrong = held.misnumbered or (held.pages_without(held.record_id) if held.record_id else [1])
    says = f"All {len(held.pages)} pages carry their number and the record’s id."
    if wrong:
        says = f"Page {wrong[0]} does not carry its own number and the record’s id."
    return Check(check="pages", passed=not wrong, says=says)


def _record(held: Held) -> dict[str, Any] | None:
    try:
        record = json.loads(held.record_json)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _fault_of_form(record: dict[str, Any] | None) -> str:
    """Say where the record does not follow the schema that it names; empty when it does."""
    import jsonschema

    if record is None:
        return "record.json is no JSON object."
    about = record.get("record")
    number = about.get("schema") if isinstance(about, dict) else None
    known = {int(each.name.split("-")[1].split(".")[0]) for each in SCHEMAS.glob("record-*.json")}
    if number not in known:
        return "record.json names no schema that is known here."
    schema = json.loads((SCHEMAS / f"record-{number}.schema.json").read_text())
    found = jsonschema.Draft202012Validator(schema).iter_errors(record)
    first = next(iter(found), None)
    if first is None:
        return ""
    return f"record.json does not follow its schema at {first.json_path}: {first.message[:200]}"


def _attached(held: Held, record: dict[str, Any]) -> Check:
    says = "evidence.csv follows from record.json, and no other file is attached."
    passed = True
    if held.others:
        passed, says = False, f"Another file is attached: {held.others[0][:80]}."
    elif held.evidence.decode(errors="replace") != attachments.evidence(record):
        passed, says = False, "evidence.csv does not follow from record.json: it was exchanged."
    return Check(check="attachments", passed=passed, says=says)


def _figures(record: dict[str, Any]) -> Check:
    versions = ""
    made_with = record["record"].get("formula_version")
    if made_with != FORMULA_VERSION:
        versions = f" It was made with formulas {made_with}; these are {FORMULA_VERSION}."
    try:
        again = evaluation.as_json(
            evaluation.evaluate(evaluation.read(record["question"]), draws=0)
        )
    except evaluation.BadInput as bad:
        says = f"The question cannot be evaluated again: {bad.faults[0]}.{versions}"
        return Check(check="figures", passed=False, says=says)
    for part in FIGURES:
        if (where := _differs(record["result"].get(part), again[part], path=part)) is not None:
            says = f"Evaluated again, the question gives another figure at {where}.{versions}"
            return Check(check="figures", passed=False, says=says)
    says = f"Evaluated again, the question gives the same figures.{versions}"
    return Check(check="figures", passed=True, says=says)


def _differs(held: Any, again: Any, *, path: str) -> str | None:
    """Return the place of the first difference; floats may differ in their last digits."""
    if isinstance(held, dict) and isinstance(again, dict):
        keys = [*held, *(key for key in again if key not in held)]
        found = (_differs(held.get(k), again.get(k), path=f"{path}.{k}") for k in keys)
        return next((where for where in found if where is not None), None)
    if isinstance(held, list) and isinstance(again, list) and len(held) == len(again):
        pairs = enumerate(zip(held, again, strict=True))
        found = (_differs(a, b, path=f"{path}[{place}]") for place, (a, b) in pairs)
        return next((where for where in found if where is not None), None)
    if isinstance(held, int | float) and isinstance(again, int | float):
        return None if math.isclose(held, again, rel_tol=1e-9, abs_tol=1e-9) else path
    return None if held == again else path


def _confine() -> None:
    """Bound this process's time and memory, and refuse it connections and programs."""
    if sys.platform == "linux":
        import resource

        most = MOST_MEGABYTES * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    refused = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.system")

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event.startswith(refused):
            raise PermissionError(f"{event} is refused here")

    sys.addaudithook(refuse)


def _main() -> None:
    _confine()
    pdf = sys.stdin.buffer.read()
    try:
        told = asdict(inspect(pdf))
    except NotARecord as wrong:
        told = {"error": str(wrong)}
    except MemoryError:
        told = {"error": "Reading the file took too much memory."}
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes
        told = {"error": f"The file cannot be read: {type(error).__name__}."}
    sys.stdout.write(json.dumps(told, default=str))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _main()
