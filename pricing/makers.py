"""Did a host only follow the maker of a model? A host that resells moves when the maker does.

Many sellers ask what a closed model's maker asks, some with a surcharge for a region. Their cut is
real when the maker's is: the maker's new price comes from another source, the host asked about as
much before, and both moved by the same factor.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from pricing.models import CurrentPrice, ModelFamily, Observation, Offer
from pricing.queries import differs

# A host that asked less or more than this part of the maker's price does not sell at its list price.
LEAST, MOST = Decimal("0.8"), Decimal("1.25")

Listed = tuple[str, str]


def confirmations(rows: Iterable[CurrentPrice]) -> dict[int, Observation]:
    """Return the maker's price that confirms a waiting one, by the waiting row's id.

    The rows come with their offers and observations.
    """
    waiting = [row for row in rows if row.offer.weights == Offer.Weights.CLOSED and row.observation]
    makers = {f.name: _names(f.maker) for f in ModelFamily.objects.all()} if waiting else {}
    said = _said({row.offer.model for row in waiting}) if waiting else {}
    found: dict[int, Observation] = {}
    for row in waiting:
        for new, earlier in said.get((row.offer.model, row.measure), []):
            sold_by_maker = new.offer.provider in makers.get(row.offer.family, ())
            if sold_by_maker and new.source != row.source and _followed(row, new, earlier):
                found[row.pk] = new
                break
    return found


def _followed(row: CurrentPrice, new: Observation, earlier: list[Observation]) -> bool:
    was, now = row.observation, row.pending
    if was is None or now is None or was.amount is None or now.amount is None or not new.amount:
        return False
    of_source = [o for o in earlier if o.source == row.source and o.seen_at <= now.seen_at]
    before = next((o for o in of_source if o.amount and differs(o.amount, new.amount)), None)
    if (
        before is None
        or not before.amount
        or {o.currency for o in (was, now, new, before)} != {now.currency}
    ):
        return False
    near = LEAST <= was.amount / before.amount <= MOST
    return near and not differs(now.amount / was.amount, new.amount / before.amount)


def _said(models: set[str]) -> dict[Listed, list[tuple[Observation, list[Observation]]]]:
    """Return each accepted list price with what was accepted of the same thing before, newest first."""
    current = CurrentPrice.objects.filter(
        offer__kind=Offer.Kind.TOKEN,
        offer__model__in=models,
        offer__region="",
        offer__is_alias=False,
        for_team_id__isnull=True,
        observation__status=Observation.Status.ACCEPTED,
    )
    rows = list(current.select_related("observation__offer"))
    earlier: dict[tuple[int, str], list[Observation]] = defaultdict(list)
    past = Observation.objects.filter(
        offer_id__in={row.offer_id for row in rows},
        status=Observation.Status.ACCEPTED,
        for_team_id__isnull=True,
    )
    for seen in past.order_by("-seen_at", "-pk"):
        earlier[seen.offer_id, seen.measure].append(seen)
    found: dict[Listed, list[tuple[Observation, list[Observation]]]] = defaultdict(list)
    for row in rows:
        if row.observation is not None:
            listed = row.observation.offer.model, row.measure
            found[listed].append((row.observation, earlier[row.offer_id, row.measure]))
    return found


def _names(maker: str) -> set[str]:
    """Return how sources may write a maker as a seller.

    >>> sorted(_names("Mistral AI")), _names("OpenAI")
    (['mistral', 'mistralai'], {'openai'})
    """
    lower = maker.lower()
    return {re.sub(r"[^a-z0-9]", "", name) for name in (lower, lower.removesuffix(" ai"))}
