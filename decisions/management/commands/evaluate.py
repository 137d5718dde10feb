"""`manage.py evaluate FILE.json`: evaluate a question and print everything that follows from it.

``-`` reads standard input. Prints one JSON object and exits 0; bad input exits 2 with one line
per fault on standard error.
"""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from decisions.evaluation import BadInput, Fault, as_json, evaluate, parse, read

BAD_INPUT = 2
MOST_DRAWS = 100_000


class Command(BaseCommand):
    """Needs no database: the same pure function as the pages and the API."""

    help = "Evaluate where inference should run: one JSON object in, one out."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a file and, for those who want more or none of them, the number of draws."""
        parser.add_argument("file", help="a JSON file, or - for standard input")
        parser.add_argument("--draws", type=number_of_draws, default=10_000, metavar="N")
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the evaluation, or the faults."""
        try:
            question = read(parse(_text(options["file"])))
        except BadInput as bad:
            for fault in bad.faults:
                self.stderr.write(str(fault))
            sys.exit(BAD_INPUT)
        found = evaluate(question, draws=options["draws"], seed=abs(options["seed"]))
        self.stdout.write(json.dumps(as_json(found), ensure_ascii=False, allow_nan=False, indent=2))


def number_of_draws(text: str) -> int:
    """Read how many draws are asked for."""
    if not text.isascii() or not text.isdecimal() or int(text[:9]) > MOST_DRAWS:
        raise ArgumentTypeError(f"must be a whole number from 0 to {MOST_DRAWS:,}, got {text[:60]}")
    return int(text[:9])


def _text(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput([Fault("", f"{name} is not UTF-8 text")]) from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or "not a file name"
        raise BadInput([Fault("", f"cannot read {name}: {reason}")]) from None
