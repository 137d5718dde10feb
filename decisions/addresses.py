"""Where do a person and a team get notices beside e-mail? Stored encrypted, never shown whole again."""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from decisions import audit, channels, sealing
from decisions.models import Address, Team, User

PREFIX = "breakeven_hook_"


class Refused(Exception):
    """An address that cannot be stored: `field` names what is wrong, the text says why."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field


def add(
    *, service: str, name: str, url: str, team: Team | None, by: User, at: datetime
) -> tuple[Address, str]:
    """Store an address of the team, or of the person; return it and the secret of a webhook.

    The secret signs what is posted. It is shown now and never again; empty for other services.
    """
    url, name = url.strip(), name.strip()
    if fault := channels.fault_of(service, url):
        raise Refused("url", fault)
    secret = PREFIX + secrets.token_urlsafe(32) if service == Address.Service.WEBHOOK else ""
    owner = {"team": team} if team else {"person": by}
    with transaction.atomic():
        if Address.objects.filter(name=name, **owner).exists():
            raise Refused("name", f"There is an address “{name}” already: name this another.")
        address = Address.objects.create(
            **owner,
            service=service,
            name=name,
            sealed_url=sealing.seal(url),
            sealed_secret=sealing.seal(secret) if secret else "",
            shown=_shown(url),
            created_at=at,
            created_by_name=by.get_full_name(),
        )
        _note("notice address added", address, by=by, at=at)
    return address, secret


def remove(address: Address, *, by: User, at: datetime) -> None:
    """Forget an address. What waits to be sent there is not sent."""
    with transaction.atomic():
        _note("notice address removed", address, by=by, at=at)
        address.delete()


def _shown(url: str) -> str:
    """Return as much of an address as may be seen.

    >>> _shown("https://hooks.slack.com/services/T000/B000/abcdefgh1234")
    'hooks.slack.com/…1234'
    """
    return f"{(urlsplit(url).hostname or '')[:100]}/…{url[-4:]}"


def _note(what: str, address: Address, *, by: User, at: datetime) -> None:
    team = address.team.name if address.team else ""
    after = {"address": str(address), "shown": address.shown}
    audit.write(what, by=by, at=at, subject=address.team or by, team=team, after=after)
