"""`manage.py export_audit [FILE]`: the whole audit trail as lines of JSON."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from decisions import audit


class Command(BaseCommand):
    """Writes every event, oldest first; docs/records.md says how to check them elsewhere."""

    help = "Write the whole audit trail as lines of JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file to write; standard output without one."""
        parser.add_argument("file", nargs="?", help="the file to write; must not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the events."""
        if options["file"] is None:
            sys.stdout.writelines(audit.lines())
            return
        try:
            with Path(options["file"]).open("x", encoding="utf-8") as file:
                file.writelines(audit.lines())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
