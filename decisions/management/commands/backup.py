"""`manage.py backup FILE.zip`: everything worth keeping, in one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from decisions import backups


class Command(BaseCommand):
    """Writes database, uploaded files and keys; Breakeven may go on working meanwhile."""

    help = "Write a backup of everything to one file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the path."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Write the backup, and print the head of the audit chain that belongs to it."""
        try:
            manifest = backups.make(file, at=timezone.now())
        except (backups.Refused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{file}: {len(manifest['files'])} files, {file.stat().st_size / 1e6:.1f} MB. "
            f"{manifest['audit_events']} audit events, head {manifest['audit_head']}"
        )
        self.stdout.write(
            "It holds the keys of this installation: keep it as safe as the database."
        )
