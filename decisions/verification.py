"""Is a PDF record what was signed, and do its figures still follow from its inputs?

Everything but one check works without a network and without the product's database: the file holds
what it takes. Whether the file is the very one that was stored, only the database can tell.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import DatabaseError

from decisions import evaluation
from decisions.models import Record, Snapshot
from decisions.rendering import readback
from decisions.rendering.readback import Held
from decisions.version import FORMULA_VERSION

FIGURES = ("options", "ranking", "break_evens", "paybacks")
"""What follows from the inputs alone. The uncertainty is drawn, so it stands as it was frozen."""

PARTS = {"record", "team", "decision", "period", "review", "question", "result", "prices"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check. `passed` is None where it could not be made."""

    check: str
    passed: bool | None
    says: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All checks of one file."""

    record_id: str
    sha256: str
    checks: list[Check]

    @property
    def is_good(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"is_good": self.is_good, **asdict(self)}


def verify(pdf: bytes) -> Verdict:
    """Check a PDF record. Raises `readback.NotARecord` when it is none."""
    held = readback.read(pdf)
    return Verdict(record_id=held.record_id, sha256=held.sha256, checks=list(_checks(pdf, held)))


def _checks(pdf: bytes, held: Held) -> Iterator[Check]:
    # A signature inside the PDF will be one more check here.
    yield _digest_on_pages(held)
    yield _digest_in_metadata(held)
    yield _pages(held)
    record = _record(held)
    yield _form(record)
    yield _stored(pdf, held)
    if record is not None:
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
        says=f"The PDF's description {says} the SHA-256 of the attached record.json.",
    )


def _pages(held: Held) -> Check:
    wrong = held.misnumbered or (held.pages_without(held.record_id) if held.record_id else [1])
    says = f"All {len(held.pages)} pages carry their number and the record's id."
    if wrong:
        says = f"Page {wrong[0]} does not carry its own number and the record's id."
    return Check(check="pages", passed=not wrong, says=says)


def _record(held: Held) -> dict[str, Any] | None:
    try:
        record = json.loads(held.record_json)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not record.keys() >= PARTS:
        return None
    parts = (record["record"], record["question"], record["result"])
    return record if all(isinstance(part, dict) for part in parts) else None


def _form(record: dict[str, Any] | None) -> Check:
    says = "record.json has all its parts."
    if record is None:
        says = f"record.json is not a whole record; it needs {', '.join(sorted(PARTS))}."
    return Check(check="form", passed=record is not None, says=says)


def _stored(pdf: bytes, held: Held) -> Check:
    try:
        snapshot = Snapshot.objects.filter(record_id=held.record_id).first()
        stored = Record.objects.filter(snapshot=snapshot).values_list("pdf_sha256", flat=True)
        return _compare(pdf, held, snapshot, stored.first() if snapshot else None)
    except DatabaseError as error:
        says = f"Not compared: the database cannot be read ({type(error).__name__})."
        return Check(check="stored record", passed=None, says=says)


def _compare(pdf: bytes, held: Held, snapshot: Snapshot | None, pdf_sha256: str | None) -> Check:
    if snapshot is None:
        passed, says = None, "Not compared: this database knows no record of that id."
    elif snapshot.record_json != held.record_json:
        passed, says = False, "The attached record.json differs from the stored record."
    elif hashlib.sha256(snapshot.record_json.encode()).hexdigest() != snapshot.sha256:
        passed, says = False, "The stored record does not fit its own SHA-256."
    elif pdf_sha256 is None:
        passed, says = False, "The record is stored, but no PDF of it was ever made here."
    elif pdf_sha256 != hashlib.sha256(pdf).hexdigest():
        passed, says = False, "The attachment is the stored record, but the file was changed."
    else:
        passed, says = True, "The file is byte for byte the one that was stored."
    return Check(check="stored record", passed=passed, says=says)


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
