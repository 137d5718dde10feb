"""`manage.py verify_audit`: does the audit chain hold, from the first event to the last?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from decisions import audit


class Command(BaseCommand):
    """Checks the whole chain; exits with 1 and names the first event that does not fit."""

    help = "Check the whole audit chain."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the chain's head, or fail naming the first broken event."""
        broken = audit.first_broken()
        if broken is not None:
            raise CommandError(f"The audit chain is broken: {broken}.")
        position, digest = audit.head()
        self.stdout.write(f"{position} events, unbroken. Head: {digest}")
