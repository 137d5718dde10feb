"""`manage.py load_demo`: make the demo teams, unless there is any data already."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from decisions import demo


class Command(BaseCommand):
    """Makes the demo once, never beside somebody's own data."""

    help = "Make the demo teams, unless there is any data already."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo, or say why not."""
        if settings.PRODUCTION:
            raise CommandError("The demo's password is public: it is not loaded in production.")
        if demo.load(at=timezone.now()):
            self.stdout.write(f"Demo loaded. Sign in as {demo.MANAGER} with {demo.PASSWORD}.")
        else:
            self.stdout.write("There is data already: the demo was not loaded.")
