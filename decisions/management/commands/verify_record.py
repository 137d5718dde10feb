"""`manage.py verify_record FILE.pdf`: is this PDF record what was signed?"""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from decisions import verification
from decisions.inspection import Check
from decisions.rendering.readback import MOST_BYTES, NotARecord
from decisions.verification import Verdict

BAD, UNREADABLE = 1, 2
MARKS = {True: "good", False: "BAD", None: "not checked"}


class Command(BaseCommand):
    """Works offline. Exits with 0 when no check fails, 1 when one does, 2 for no record at all."""

    help = "Check a PDF record: signature, digests, pages, form, figures, and the stored record."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and whether the answer is for a program."""
        parser.add_argument("file", help="a PDF record")
        parser.add_argument(
            "--certificate",
            default="",
            metavar="SHA256",
            help="the fingerprint that the signing certificate must have",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what each check says."""
        try:
            verdict = verification.verify(
                _bytes(Path(options["file"])), certificate=options["certificate"]
            )
        except NotARecord as wrong:
            if options["json"]:
                self.stdout.write(json.dumps({"is_good": False, "error": str(wrong)}))
            else:
                self.stderr.write(f"{options['file']}: {wrong}")
            sys.exit(UNREADABLE)
        self.stdout.write(_as_json(verdict) if options["json"] else _as_text(verdict))
        if not verdict.is_good:
            sys.exit(BAD)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotARecord(f"The file cannot be read: {reason}.") from error


def _as_json(verdict: Verdict) -> str:
    return json.dumps(verdict.as_json(), ensure_ascii=False, indent=2)


def _as_text(verdict: Verdict) -> str:
    lines = [f"Record {verdict.record_id or 'without an id'}", *map(_line, verdict.checks)]
    if verdict.superseded_by:
        lines.append(f"A newer record of the same decision stands: {verdict.superseded_by}.")
    lines.append(
        "No check failed." if verdict.is_good else "This is NOT the record as it was signed."
    )
    return "\n".join(lines)


def _line(check: Check) -> str:
    return f"  {MARKS[check.passed]:<12} {check.check}: {check.says}"
