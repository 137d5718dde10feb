"""What does a page that lists prices show in each row?"""

from dataclasses import dataclass
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery

from pricing import queries, search
from pricing.currency import CannotConvert, Rates
from pricing.models import CurrentPrice, Observation, Offer

PER_PAGE = 50
# A download holds what was searched for, up to this.
MOST_IN_FILE = 20_000
LEADING = ("input", "gpu_hour", "gpu_purchase")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A price with its worth in euro; None where no rate is stored."""

    price: queries.Price
    in_eur: Decimal | None
    label: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """An offer and its prices as a page shows them."""

    offer: queries.OfferPrice
    prices: list[Shown]


def page_of(
    asked: dict[str, str], *, number: str | int | None, per_page: int = PER_PAGE
) -> tuple[list[Row], Page[int]]:
    """Return a page of the offers that fit, in the order asked for, without any team's quotes.

    The rows, and the page of offer ids for its number and count.
    """
    offers = search.matching(
        kind=asked.get("kind", ""),
        text=asked.get("q", ""),
        provider=asked.get("provider", ""),
        gpu=asked.get("gpu", ""),
        mode=asked.get("mode", ""),
        weights=asked.get("weights", ""),
    )
    ids = _sorted(offers, asked.get("sort", "name")).values_list("pk", flat=True)
    page = Paginator(ids, per_page).get_page(number)
    found = queries.prices_for(page.object_list, team_id=None)
    rates = Rates()
    return [row_of(found[pk], rates) for pk in page.object_list if pk in found], page


def row_of(offer: queries.OfferPrice, rates: Rates) -> Row:
    """Return an offer with every price in its own currency and in euro."""
    order = list(Observation.Measure.values)
    measures = sorted(offer.measures, key=order.index)
    return Row(offer=offer, prices=[shown(offer.measures[m], rates) for m in measures])


def shown(price: queries.Price, rates: Rates) -> Shown:
    """Return a price with its worth in euro at the newest rate."""
    try:
        in_eur = rates.convert(price.amount, source=price.currency, target="EUR").amount
    except CannotConvert:
        in_eur = None
    return Shown(
        price=price,
        in_eur=in_eur,
        label=Observation.Measure(price.measure).label,
        unit=Observation.Unit(price.unit).label,
    )


def _sorted(offers: QuerySet[Offer], sort: str) -> QuerySet[Offer]:
    if sort == "provider":
        return offers.order_by("provider", "model", "gpu", "pk")
    if sort.endswith("price"):
        # Of several sources the one that spoke last, which is nearly always the one shown.
        leading = CurrentPrice.objects.filter(
            offer=OuterRef("pk"), measure__in=LEADING, for_team_id__isnull=True
        ).order_by("-observation__seen_at")
        priced = offers.annotate(
            leading=Subquery(leading.values("observation__amount")[:1], output_field=DecimalField())
        )
        order = (
            F("leading").desc(nulls_last=True)
            if sort[0] == "-"
            else F("leading").asc(nulls_last=True)
        )
        return priced.order_by(order, "pk")
    return offers.order_by("model", "gpu", "provider", "pk")
