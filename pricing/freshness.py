"""How old is what a source says, and is that too old to act on by itself?

Stale prices never block a page. They block an automatic flag, and every page says so beside them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pricing import currency
from pricing.models import CurrentPrice, ExchangeRate, Offer, SourceHealth

# How long before a price ends its pages say so: time to look for another.
NOTICE_DAYS = 30
API_LIMIT = timedelta(days=14)
GPU_LIMITS = {Offer.Mode.SPOT: timedelta(days=2), Offer.Mode.ON_DEMAND: timedelta(days=7)}
OTHER_GPU_LIMIT = timedelta(days=7)


def limit_of(*, kind: str, mode: str) -> timedelta:
    """Return after which age a price of this kind is stale."""
    return (
        API_LIMIT if kind == Offer.Kind.TOKEN else GPU_LIMITS.get(Offer.Mode(mode), OTHER_GPU_LIMIT)
    )


def limits() -> dict[str, timedelta]:
    """Return after which age the first prices of each source are stale, by source."""
    sold = CurrentPrice.objects.filter(for_team_id__isnull=True).order_by()
    found: dict[str, timedelta] = {}
    for source, kind, mode in sold.values_list("source", "offer__kind", "offer__mode").distinct():
        limit = limit_of(kind=kind, mode=mode)
        found[source] = min(limit, found.get(source, limit))
    for source in ExchangeRate.objects.order_by().values_list("source", flat=True).distinct():
        found[source] = currency.STALE_AFTER
    return found


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """When a source last said what it said. `at` is None when it never answered."""

    at: datetime | None
    is_bundled: bool

    def is_stale(self, *, kind: str, mode: str, now: datetime) -> bool:
        """Return whether a price of this kind is too old for an automatic flag."""
        return self.at is None or now - self.at > limit_of(kind=kind, mode=mode)


class Sources:
    """How fresh each source is, read once for any number of prices."""

    def __init__(self) -> None:
        self._health = {health.source: health for health in SourceHealth.objects.all()}

    @property
    def health(self) -> list[SourceHealth]:
        """How each source does that was ever asked."""
        return list(self._health.values())

    def freshness(self, source: str, provider: str) -> Freshness:
        """Return how fresh the provider's prices are in the source.

        A held provider's prices stay as old as they were when it was first held.
        """
        health = self._health.get(source)
        if health is None:
            return Freshness(at=None, is_bundled=False)
        at = health.last_success_at
        if provider in health.held_providers:
            at = datetime.fromisoformat(health.held_providers[provider]["last_good"])
        return Freshness(at=at, is_bundled=health.is_bundled)
