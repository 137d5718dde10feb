"""`manage.py restore FILE.zip`: bring a backup back, and check all of it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from decisions import backups


class Command(BaseCommand):
    """Restores into an installation that nobody uses yet; changes nothing where it refuses."""

    help = "Bring a backup back into an empty installation, and check it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the path."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Restore, check, and print what was found; exit with 1 where anything is not as stored."""
        try:
            found = backups.restore(file)
        except (backups.Refused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{found.events} audit events, unbroken. Head: {found.head}\n"
            f"{found.records_good} of {found.records} records and "
            f"{found.files_good} of {found.files} evidence files are as they were stored."
        )
        if not found.is_good:
            raise CommandError("Not everything is as it was stored.")
