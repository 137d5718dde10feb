"""How does a program prove for whom it asks?

By a key that is shown once and stored as its SHA-256: it is random and long, so that a plain digest
cannot be searched through.
"""

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from decisions import audit
from decisions.models import ApiToken, User

PREFIX = "breakeven_"


class NameTaken(Exception):
    """The person has a key of this name already."""


def make(*, name: str, by: User, at: datetime) -> str:
    """Return a new key of the person. It is shown now and never again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if ApiToken.objects.filter(user=by, name=name).exists():
            raise NameTaken(
                f"You have a key for “{name}” already. Revoke it, or name this another."
            )
        ApiToken.objects.create(user=by, name=name, sha256=_digest(secret), created_at=at)
        audit.write("API key made", by=by, at=at, subject=by, after={"name": name})
    return secret


def revoke(token: ApiToken, *, by: User, at: datetime) -> None:
    """Make a key worthless."""
    with transaction.atomic():
        audit.write("API key revoked", by=by, at=at, subject=by, before={"name": token.name})
        token.delete()


def owner(secret: str, *, at: datetime) -> User | None:
    """Return whose key this is, None when it is nobody's or its owner may not sign in."""
    known = ApiToken.objects.filter(sha256=_digest(secret), user__is_active=True)
    token = known.select_related("user").first()
    if token is None:
        return None
    known.update(last_used_at=at)
    return token.user


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
