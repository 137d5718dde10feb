"""How do people sign in and up? What allauth asks of this product."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):
    """Allauth's rules with this product's setting for who may sign up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether a visitor may make an account (SIGNUP_OPEN)."""
        return bool(settings.SIGNUP_OPEN)

    def clean_email(self, email: str) -> str:
        """Keep addresses in lower case, so that one person has one account."""
        return str(super().clean_email(email)).lower()

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Do nothing: people have no user name."""


def address_tried(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """Return the address whose password somebody tries, for the count of failures.

    Allauth calls it `email`, the product's own check before a signature `username`.
    """
    given = credentials or {}
    tried = given.get("email") or given.get("username") or request.POST.get("login")
    return str(tried).lower() if tried else None
