"""`manage.py remove_demo`: take the demo teams, people and records away."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from decisions import demo


class Command(BaseCommand):
    """Removes all that is marked as demo; the audit trail keeps that it was there."""

    help = "Remove the demo teams, people and records."

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove the demo and print what went."""
        if not demo.exists():
            self.stdout.write("There is no demo.")
            return
        counts = demo.remove(by="system:remove_demo", at=timezone.now())
        self.stdout.write("Removed: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
