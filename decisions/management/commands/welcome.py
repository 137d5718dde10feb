"""`manage.py welcome`: where is the product, and how does one sign in?"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from decisions import demo
from decisions.models import User


class Command(BaseCommand):
    """Printed at the start, so that nobody has to look it up."""

    help = "Print the address and how to sign in."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the address, and the demo's accounts where they are."""
        self.stdout.write(f"\nBreakeven is at {settings.SITE_URL}")
        known = set(User.objects.filter(is_demo=True).values_list("email", flat=True))
        roles = {
            demo.MANAGER: "manager",
            demo.APPROVER: "approver",
            demo.AUDITOR: "auditor",
            demo.ADMINISTRATOR: "administrator",
        }
        if known:
            self.stdout.write(f"Sign in to the demo with the password {demo.PASSWORD} as")
            for email, role in roles.items():
                if email in known:
                    self.stdout.write(f"  {email:<28} {role}")
            self.stdout.write("Remove the demo with: manage.py remove_demo")
        if settings.SIGNUP_OPEN:
            self.stdout.write(
                f"Make an account of your own: {settings.SITE_URL}/accounts/signup/\n"
            )
