"""What does one model cost at each of its hosts, at the reader's own mix of tokens?"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from pricing import listing, queries, search
from pricing.currency import Rates
from pricing.listing import Shown
from pricing.models import CurrentPrice, Offer

# More hosts than anybody compares; the cheapest are among them only if all are.
MOST_HOSTS = 400
MOST_MODELS = 60


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Tokens of a month, or in any other measure: only their ratio counts.

    `cached_share` of the input, between 0 and 1, is read from a cache.
    """

    input_tokens: Decimal
    output_tokens: Decimal
    cached_share: Decimal


@dataclass(frozen=True, kw_only=True)
class Host:
    """One offer of the model.

    `blended` is what a million tokens of the mix cost in the reader's currency; None when the input
    or output price is unknown. `cached_is_assumed`: no cached price is known, so cached input counts at the full price.
    """

    offer: queries.OfferPrice
    input: Shown | None
    output: Shown | None
    cached: Shown | None
    blended: Decimal | None
    cached_is_assumed: bool

    @property
    def price(self) -> queries.Price:
        """Return the price whose source and day stand for the offer."""
        leading = self.input or self.output
        return leading.price if leading else next(iter(self.offer.measures.values()))

    @property
    def is_gone(self) -> bool:
        """Return whether it is no longer sold, or its price has ended."""
        ended = any(price.is_expired for price in self.offer.measures.values())
        return ended or self.offer.is_withdrawn


def compare(model: str, *, mix: Mix, rates: Rates, target: str, team_id: int | None) -> list[Host]:
    """Return the hosts of a model, the cheapest first; what is unknown or no longer sold last."""
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=team_id)
    offers = Offer.objects.filter(visible, kind=Offer.Kind.TOKEN, model=model, is_alias=False)
    ids = list(offers.order_by("pk").values_list("pk", flat=True)[:MOST_HOSTS])
    priced = queries.prices_for(ids, team_id=team_id).values()
    found = [_host(offer, mix, rates, target) for offer in priced if offer.measures]
    return sorted(found, key=lambda h: (h.is_gone, h.blended is None, h.blended or 0, h.offer.name))


def models(text: str) -> list[dict[str, Any]]:
    """Return the models that fit what is typed with the number of their hosts, the most first."""
    priced = CurrentPrice.objects.filter(
        offer=OuterRef("pk"), observation__isnull=False, for_team_id__isnull=True
    )
    offers = Offer.objects.filter(
        Exists(priced), kind=Offer.Kind.TOKEN, is_alias=False, for_team_id__isnull=True
    )
    for word in search.words(text):
        offers = offers.filter(model__icontains=word)
    counted = offers.order_by().values("model", "weights").annotate(hosts=Count("pk"))
    return [dict(row) for row in counted.order_by("-hosts", "model")[:MOST_MODELS]]


def blended(
    mix: Mix, *, input_price: Decimal, output_price: Decimal, cached_price: Decimal | None
) -> Decimal:
    """Return what a million tokens of the mix cost. No cached price: the input's.

    >>> mix = Mix(input_tokens=Decimal(3), output_tokens=Decimal(1), cached_share=Decimal("0.5"))
    >>> blended(mix, input_price=Decimal(2), output_price=Decimal(8), cached_price=Decimal("0.4"))
    Decimal('2.90')
    """
    cached = mix.input_tokens * mix.cached_share
    cost = (
        (mix.input_tokens - cached) * input_price
        + cached * (input_price if cached_price is None else cached_price)
        + mix.output_tokens * output_price
    )
    return cost / (mix.input_tokens + mix.output_tokens)


def _host(offer: queries.OfferPrice, mix: Mix, rates: Rates, target: str) -> Host:
    shown = {
        name: listing.shown(price, rates, target)
        for name, price in offer.measures.items()
        if name in ("input", "output", "cached_input")
    }
    worth = {name: each.converted for name, each in shown.items()}
    full, out = worth.get("input"), worth.get("output")
    cached = worth.get("cached_input")
    return Host(
        offer=offer,
        input=shown.get("input"),
        output=shown.get("output"),
        cached=shown.get("cached_input"),
        blended=None
        if full is None or out is None
        else blended(mix, input_price=full, output_price=out, cached_price=cached),
        cached_is_assumed=cached is None and mix.cached_share > 0,
    )
