"""Who sells each GPU cheapest now, on each of its terms?"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber

from pricing import listing, queries
from pricing.currency import Rates
from pricing.listing import Shown
from pricing.models import CurrentPrice, Observation, Offer

Mode = Offer.Mode
# What the table shows: mode, months, and how people say it.
COLUMNS = (
    (Mode.ON_DEMAND, 0, "On demand"),
    (Mode.SPOT, 0, "Spot"),
    (Mode.RESERVED, 12, "Reserved, 1 year"),
    (Mode.RESERVED, 36, "Reserved, 3 years"),
)
# Another source or a quote may say more of the cheapest one: the next ones stand by.
_CANDIDATES = 3


@dataclass(frozen=True, kw_only=True)
class Cheapest:
    """The cheapest offer of a GPU on some terms, in the price of one GPU for an hour."""

    offer: queries.OfferPrice
    shown: Shown


@dataclass(frozen=True, kw_only=True)
class Terms:
    """One cell: the cheapest offer on these terms, None when no price is known."""

    mode: str
    term_months: int
    label: str
    cheapest: Cheapest | None


@dataclass(kw_only=True)
class GpuRow:
    """One GPU and its cheapest offers."""

    gpu: str
    is_known: bool
    terms: list[Terms] = field(default_factory=list)


def table(
    *, text: str, rates: Rates, target: str, team_id: int | None, now: datetime
) -> list[GpuRow]:
    """Return one row for each GPU with a price on any of the terms, known GPUs first, by name.

    What has ended or is no longer sold is left out. The number of queries is constant.
    """
    priced = queries.prices_for(_candidates(text, team_id, now), team_id=team_id)
    best: dict[tuple[str, str, int], Cheapest] = {}
    known: dict[str, bool] = defaultdict(bool)
    for offer in priced.values():
        found = Cheapest(
            offer=offer, shown=listing.shown(offer.measures["gpu_hour"], rates, target)
        )
        key = (offer.gpu, offer.mode, offer.term_months)
        known[offer.gpu] |= offer.gpu_is_known
        if key not in best or _cost(found) < _cost(best[key]):
            best[key] = found
    return [
        GpuRow(gpu=gpu, is_known=known[gpu], terms=_terms(gpu, best))
        for gpu in sorted(known, key=lambda name: (not known[name], name))
    ]


def _terms(gpu: str, best: dict[tuple[str, str, int], Cheapest]) -> list[Terms]:
    return [
        Terms(mode=mode, term_months=months, label=label, cheapest=best.get((gpu, mode, months)))
        for mode, months, label in COLUMNS
    ]


def _cost(found: Cheapest) -> tuple[bool, Decimal]:
    return found.shown.converted is None, found.shown.converted or found.shown.price.amount


def _candidates(text: str, team_id: int | None, now: datetime) -> list[int]:
    """Return the offers that may be the cheapest: the few cheapest in each currency."""
    holds = Q(observation__valid_until__isnull=True) | Q(observation__valid_until__gt=now)
    accepted = Q(observation__status=Observation.Status.ACCEPTED)
    hours = CurrentPrice.objects.filter(holds, accepted, measure=Observation.Measure.GPU_HOUR)
    own = hours.filter(offer=OuterRef("offer"), for_team_id=team_id)
    seen = Q(for_team_id__isnull=True) & ~Exists(own) | Q(for_team_id=team_id)
    terms = Q()
    for mode, months, _ in COLUMNS:
        terms |= Q(offer__mode=mode, offer__term_months=months)
    rank = Window(
        RowNumber(),
        partition_by=[
            F("offer__gpu"), F("offer__mode"), F("offer__term_months"), F("observation__currency"),
        ],
        order_by=[F("observation__amount").asc(), F("offer_id").asc()],
    )  # fmt: skip
    found = hours.filter(seen, terms, offer__gpu__icontains=text.strip())
    best = found.order_by().annotate(rank=rank).filter(rank__lte=_CANDIDATES)
    return list(best.values_list("offer_id", flat=True))
