"""How does somebody without an account get one record or one pack, for a while?

A link holds 256 random bits; only their SHA-256 is stored. It ends by itself, is revoked by hand, and
every download by it is an event of the audit trail.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from decisions import audit
from decisions.models import Pack, ShareLink, Snapshot, User

USUAL_DAYS, MOST_DAYS = 14, 90


def make(
    thing: Snapshot | Pack, *, for_whom: str, days: int, by: User, at: datetime
) -> tuple[ShareLink, str]:
    """Return a new link and its secret, which cannot be shown again."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        link = ShareLink.objects.create(
            sha256=_digest(secret),
            record_id="" if isinstance(thing, Pack) else thing.record_id,
            pack=thing if isinstance(thing, Pack) else None,
            for_whom=for_whom,
            made_by=by,
            made_by_name=by.get_full_name(),
            made_at=at,
            ends_at=at + timedelta(days=days),
        )
        audit.write(
            "link made",
            by=by,
            at=at,
            subject=thing,
            team="" if isinstance(thing, Pack) else thing.team_name,
            after={"link": link.pk, "for": for_whom, "ends_at": link.ends_at.isoformat()},
        )
    return link, secret


def revoke(link: ShareLink, *, by: User, at: datetime) -> None:
    """End a link now; once ended it stays so."""
    with transaction.atomic():
        open_link = ShareLink.objects.filter(pk=link.pk, revoked_at=None)
        if open_link.update(revoked_at=at, revoked_by_name=by.get_full_name()):
            audit.write(
                "link revoked",
                by=by,
                at=at,
                subject=link.pack or link.record_id,
                after={"link": link.pk, "for": link.for_whom},
            )


def find(secret: str, *, at: datetime) -> ShareLink | None:
    """Return the link of a secret; None where it is unknown, revoked or over."""
    link = ShareLink.objects.filter(sha256=_digest(secret)).select_related("pack").first()
    return link if link is not None and link.is_good(at=at) else None


def used(link: ShareLink, *, file: str, at: datetime) -> None:
    """Count a download and note it."""
    with transaction.atomic():
        ShareLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1, last_used_at=at)
        audit.write(
            "downloaded by link",
            by=f"link {link.pk}, for {link.for_whom}"[:400],
            at=at,
            subject=link.pack or link.record_id,
            after={"link": link.pk, "file": file},
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
