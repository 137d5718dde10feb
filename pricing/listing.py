"""What does a page that lists prices show in each row?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from pricing import access, queries, search
from pricing.currency import EUR, CannotConvert, Converted, Rates, known_currencies
from pricing.freshness import NOTICE_DAYS, Sources
from pricing.models import CurrentPrice, Observation, Offer

PER_PAGE = 50
# A download holds what was searched for, up to this.
MOST_IN_FILE = 20_000
_SESSION = "prices_in"
LEADING = ("input", "gpu_hour", "gpu_purchase")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A price with its worth in the reader's currency; None where no rate is stored."""

    price: queries.Price
    converted: Decimal | None
    rate_date: date | None
    label: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """An offer and its prices as a page shows them."""

    offer: queries.OfferPrice
    prices: list[Shown]


def page_of(
    asked: dict[str, str],
    *,
    number: str | int | None,
    target: str,
    team_id: int | None = None,
    per_page: int = PER_PAGE,
    sources: Sources | None = None,
) -> tuple[list[Row], Page[int]]:
    """Return a page of the offers that fit, in the order asked for, with one team's quotes or none.

    The rows, and the page of offer ids for its number and count.
    """
    offers = search.matching(
        kind=asked.get("kind", ""),
        text=asked.get("q", ""),
        provider=asked.get("provider", ""),
        gpu=asked.get("gpu", ""),
        mode=asked.get("mode", ""),
        weights=asked.get("weights", ""),
        host=asked.get("host", ""),
        region=asked.get("region", ""),
        team_id=team_id,
    )
    if asked.get("ending"):
        offers = offers.filter(pk__in=ending(team_id, timezone.now()).values("offer"))
    ids = _sorted(offers, asked.get("sort", "name")).values_list("pk", flat=True)
    page = Paginator(ids, per_page).get_page(number)
    found = queries.prices_for(page.object_list, team_id=team_id, sources=sources)
    rates = Rates()
    return [row_of(found[pk], rates, target) for pk in page.object_list if pk in found], page


def ending(team_id: int | None, now: datetime) -> QuerySet[CurrentPrice]:
    """Return the prices that end within the days of which notice is given."""
    soon = now + timedelta(days=NOTICE_DAYS)
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=team_id)
    held = CurrentPrice.objects.filter(visible, observation__status=Observation.Status.ACCEPTED)
    return held.filter(
        observation__valid_until__gt=now, observation__valid_until__lte=soon
    ).order_by()


@dataclass(frozen=True, kw_only=True)
class Reader:
    """In which currency somebody reads, and whose quotes stand before pulled prices for them.

    `teams` are those that may be chosen: number, name and currency.
    """

    target: str
    team_id: int | None
    currencies: list[str]
    teams: list[tuple[int, str, str]]

    @property
    def team(self) -> str:
        """Return the name of the team whose quotes are shown, "" for none."""
        return next((name for number, name, _ in self.teams if number == self.team_id), "")


def reader_of(request: HttpRequest) -> Reader:
    """Return how the reader wants prices: what the address asks for, else what is nearest.

    The currency is the one asked for last, else that of the first team; the team the only one.
    """
    teams, currencies = access.teams(request.user), known_currencies()
    asked = request.GET.get("currency", "").upper()
    if asked in currencies and request.session.get(_SESSION) != asked:
        request.session[_SESSION] = asked
    kept = request.session.get(_SESSION)
    numbers = [number for number, _, _ in teams]
    team = request.GET.get("team", "")
    chosen = int(team[:18]) if team.isdecimal() else None
    only = numbers[0] if len(numbers) == 1 and not team else None
    return Reader(
        target=kept or next((code for _, _, code in teams), EUR),
        team_id=chosen if chosen in numbers else only,
        currencies=currencies,
        teams=teams,
    )


def rate_date(rows: Iterable[Row]) -> date | None:
    """Return the day of the oldest exchange rate that the rows are converted by."""
    days = [shown.rate_date for row in rows for shown in row.prices if shown.rate_date]
    return min(days, default=None)


def row_of(offer: queries.OfferPrice, rates: Rates, target: str) -> Row:
    """Return an offer with every price in its own currency and in the reader's."""
    order = list(Observation.Measure.values)
    measures = sorted(offer.measures, key=order.index)
    return Row(offer=offer, prices=[shown(offer.measures[m], rates, target) for m in measures])


def shown(price: queries.Price, rates: Rates, target: str) -> Shown:
    """Return a price with its worth in the target currency at the newest rate."""
    found = worth(price.amount, price.currency, rates, target)
    return Shown(
        price=price,
        converted=None if found is None else found.amount,
        rate_date=None if found is None else found.rate_date,
        label=Observation.Measure(price.measure).label,
        unit=Observation.Unit(price.unit).label,
    )


def worth(amount: Decimal, currency: str, rates: Rates, target: str) -> Converted | None:
    """Return an amount in the target currency, None where no rate is stored."""
    try:
        return rates.convert(amount, source=currency, target=target)
    except CannotConvert:
        return None


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
