"""What does the frame of every page show: who is silent, what waits for the reader?"""

from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from decisions import access, certificates, waiting
from decisions.models import Review, User
from jobs import heartbeat

# Which entry of the navigation a page belongs to, by the first word of its URL name.
_SECTIONS = {
    "portfolio": "decisions",
    "decision": "decisions",
    "option": "decisions",
    "quality": "decisions",
    "reliability": "decisions",
    "review": "reviews",
    "record": "records",
    "pack": "records",
    "audit": "records",
    "price": "prices",
    "quote": "prices",
    "upload": "prices",
    "family": "prices",
    "team": "teams",
    "member": "teams",
    "delegation": "teams",
    "work": "work",
    "notice": "work",
    "address": "profile",
    "profile": "profile",
}


class Here:
    """The reader's place. Each part is looked up when a template asks, so fragments ask nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        # A request is refused for its host before anybody asks who sent it.
        self._user = getattr(request, "user", AnonymousUser())

    @cached_property
    def section(self) -> str:
        """Return the navigation entry that the page belongs to; empty when none."""
        match = self._request.resolver_match
        name = (match.url_name if match else "") or ""
        return _SECTIONS.get(name.split("-")[0], "")

    @cached_property
    def silences(self) -> list[heartbeat.Silence]:
        """Return the processes that are not running; nothing for visitors (one query)."""
        if not self._signed_in:
            return []
        return heartbeat.silences(now=timezone.now())

    @cached_property
    def certificate_warning(self) -> str:
        """Say to administrators what is wrong with the certificate that signs records, or will be."""
        if not getattr(self._user, "is_administrator", False):
            return ""
        return certificates.warning(now=timezone.now())

    @cached_property
    def reviews_to_do(self) -> int:
        """Return how many reviews wait for the reader that somebody has begun."""
        if not isinstance(self._user, User) or self._user.is_auditor:
            return 0
        begun = waiting.to_prepare(self._user) & ~Q(state=Review.State.SCHEDULED)
        mine = begun | waiting.to_submit_again(self._user) | waiting.to_sign(self._user)
        return Review.objects.filter(mine, decision__archived_at=None).count()

    @property
    def may_add_team(self) -> bool:
        """Return whether the button that founds a team is shown."""
        return access.may_add_team(self._user)

    @property
    def may_sign_up(self) -> bool:
        """Return whether a visitor is offered an account (SIGNUP_OPEN)."""
        return bool(settings.SIGNUP_OPEN)

    @property
    def _signed_in(self) -> bool:
        return self._user.is_authenticated


def every_page(request: HttpRequest) -> dict[str, Here]:
    """Return `here` for the templates of every page."""
    return {"here": Here(request)}
