"""How do the sources of prices fare, and who asks one for its prices now?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from pricing import access, export, freshness, pull, sources
from pricing.models import SourceHealth

_COUNTS = ("accepted", "unchanged", "quarantined", "rejected", "withdrawn")


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A source and how it fares. `limit`: the age after which its first prices are stale."""

    source: sources.Source
    health: SourceHealth | None
    limit: timedelta | None
    now: datetime

    @property
    def age(self) -> timedelta | None:
        """Return how long ago it last spoke."""
        spoke = self.health.last_success_at if self.health else None
        return None if spoke is None else self.now - spoke

    @property
    def is_stale(self) -> bool:
        """Return whether its first prices are too old for an automatic flag."""
        return self.age is not None and self.limit is not None and self.age > self.limit

    def record(self) -> dict[str, Any]:
        """Return the row for a download."""
        health = self.health or SourceHealth()
        return {
            "source": self.source.name,
            "title": self.source.title,
            "last_check_at": health.last_check_at,
            "last_success_at": health.last_success_at,
            "age_days": None if self.age is None else round(self.age / timedelta(days=1), 1),
            "stale_after_days": None if self.limit is None else self.limit.days,
            "is_stale": self.is_stale,
            **{name: health.report.get(name) for name in _COUNTS},
            "held_providers": " ".join(sorted(health.held_providers)),
            "revision": health.revision,
            "error": health.error,
        }


@login_required
def price_sources(request: HttpRequest) -> HttpResponse:
    """Show how each source fares."""
    health = {h.source: h for h in SourceHealth.objects.all()}
    # A cloud that was pulled by hand has health, though it is not among the usual ones.
    known = [*sources.found(), *(name for name in health if name not in sources.found())]
    limits = freshness.limits()
    rows = [
        _Row(source=sources.get(n), health=health.get(n), limit=limits.get(n), now=timezone.now())
        for n in sorted(known)
    ]
    if form := export.asked_form(request):
        return export.answer([row.record() for row in rows], form=form, name="sources")
    out_of_reach = sum(row.is_out_of_reach for row in health.values())
    return render(request, "prices/sources.html", {"rows": rows, "out_of_reach": out_of_reach})


@login_required
@require_POST
def source_pull(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a pull of a source, as background work."""
    access.require_judge(request.user)
    try:
        source = sources.get(name)
    except KeyError as error:
        raise Http404 from error
    now = timezone.now()
    # One click a minute is one pull: a double click is no second one.
    key = f"{pull.KIND}:{name}:{now:%Y-%m-%dT%H:%M}"
    pull.ask(name, at=now, key=key, by=str(request.user.get_username()))
    messages.success(request, f"{source.title} will be pulled; the result appears here.")
    return redirect("price-sources")
