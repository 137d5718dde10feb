"""`manage.py delete_expired_records`: take away the records whose time is over."""

from argparse import ArgumentParser
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from decisions import keeping


class Command(BaseCommand):
    """Deletes records after their retention date, unless a legal hold stands. Never run by itself."""

    help = "Delete records whose retention date is over and that nobody holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to only say what would go."""
        parser.add_argument("--dry-run", action="store_true", help="only list them")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Print the id of each record that goes, or would go."""
        now = timezone.now()
        if dry_run:
            found = keeping.expired(today=now.astimezone(UTC).date())
            ids = list(found.order_by("pk").values_list("record_id", flat=True))
        else:
            ids = keeping.delete_expired(by="system:delete_expired_records", at=now)
        for record_id in ids:
            self.stdout.write(record_id)
        self.stdout.write(f"{len(ids)} {'would be' if dry_run else 'were'} deleted.")
