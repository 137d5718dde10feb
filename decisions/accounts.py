"""How do people sign in and up? What allauth asks of this product."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
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


class PasskeyAdapter(DefaultMFAAdapter):
    """Passkeys as another way to sign in: who has one may still sign in with the password."""

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Return False: a lost passkey must not lock anybody out, and no second step is asked."""
        return False


def signed_in_how(request: HttpRequest) -> str:
    """Return with what the person signed in: "password", "passkey", or "" for a visitor."""
    if not request.user.is_authenticated:
        return ""
    records = get_authentication_records(request, request.user)
    is_passkey = any(each.get("passwordless") for each in records)
    return "passkey" if is_passkey else "password"


def address_tried(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """Return the address whose password somebody tries, for the count of failures.

    Allauth calls it `email`, the product's own check before a signature `username`.
    """
    given = credentials or {}
    tried = given.get("email") or given.get("username") or request.POST.get("login")
    return str(tried).lower() if tried else None
