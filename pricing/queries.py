"""What does an offer cost now, what did it cost then, and which offers fit a description?

The only door through which decisions read prices. Every function asks a constant number of
queries, however many offers and observations there are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Max, Q
from django.utils import timezone

from pricing import search
from pricing.freshness import Freshness, Sources
from pricing.models import CurrentPrice, ModelFamily, Observation, Offer, SourceHealth

QUOTE = "quote"
# Two sources that differ by more than this are both shown.
DISAGREEMENT = Decimal("0.02")
# Enough for every host of a model; more would make the picker slow and help nobody.
MOST_CANDIDATES = 400
USABLE = (Observation.Status.ACCEPTED, Observation.Status.WITHDRAWN)


@dataclass(frozen=True, kw_only=True)
class Price:
    """One price with its origin. `amount` is in `currency` for one `unit`, as the source gives it.

    `seen_at` is when this amount was first seen, `checked_at` when the source last confirmed it.
    `status` is "accepted", or "withdrawn": the last known price of what is no longer sold.
    `others` are what other sources say of the same thing. `is_contested`: the source says another
    price by now, which waits in quarantine or was refused; such a price counts as stale too.
    """

    measure: str
    amount: Decimal
    currency: str
    unit: str
    source: str
    source_url: str
    seen_at: datetime
    checked_at: datetime | None
    observation_id: int
    is_quote: bool
    is_bundled: bool
    is_stale: bool
    valid_from: datetime | None
    valid_until: datetime | None
    is_expired: bool
    status: str
    is_contested: bool = False
    others: tuple["Price", ...] = ()

    @property
    def rivals(self) -> tuple["Price", ...]:
        """Return what other sources say differently now, by more than 2 %.

        A team's own quote has none. A price that ended, is no longer sold, or is out of date beside
        a fresh one says nothing of today.
        """
        if self.is_quote:
            return ()
        return tuple(
            other
            for other in self.others
            if other.currency == self.currency
            and not (other.is_expired or other.status == "withdrawn")
            and (self.is_stale or not other.is_stale)
            and differs(self.amount, other.amount)
        )

    @property
    def is_disputed(self) -> bool:
        """Return whether another source differs by more than 2 % in the same currency."""
        return any(
            differs(self.amount, o.amount) for o in self.others if o.currency == self.currency
        )


@dataclass(frozen=True, kw_only=True)
class OfferPrice:
    """One offer and what is known of its prices, by measure. A measure that is missing is unknown."""

    offer_id: int
    name: str
    kind: str
    provider: str
    host: str
    model: str
    source_name: str
    family: str
    weights: str
    quantization: str
    region: str
    gpu: str
    gpu_is_known: bool
    gpu_count: int
    mode: str
    term_months: int
    terms: str
    is_alias: bool
    listed_as: str = ""
    measures: dict[str, Price] = field(default_factory=dict)

    @property
    def is_withdrawn(self) -> bool:
        """Return whether everything that is known of this offer is no longer sold."""
        return all(p.status == "withdrawn" for p in self.measures.values())


def differs(one: Decimal, other: Decimal) -> bool:
    """Return whether two positive amounts differ by more than the tolerated 2 %.

    >>> differs(Decimal("1.00"), Decimal("1.02")), differs(Decimal("0.88"), Decimal("1.04"))
    (False, True)
    """
    return abs(one - other) > DISAGREEMENT * min(one, other)


def dearest(price: Price) -> Price:
    """Return what the source says that makes the thing dearest, with the others as its rivals."""
    said = (price, *price.rivals)
    worst = max(said, key=lambda one: one.amount)
    return replace(worst, others=tuple(one for one in said if one is not worst))


def prices_for(
    offer_ids: Iterable[int],
    *,
    team_id: int | None,
    at: datetime | None = None,
    sources: Sources | None = None,
) -> dict[int, OfferPrice]:
    """Return the offers with the prices that held at `at` (None: now), by offer id.

    The team's own quotes stand before pulled prices. An offer of another team is left out, and so
    is one that does not exist. `sources` saves reading how fresh each source is a second time.
    """
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=team_id)
    offers = {o.pk: o for o in Offer.objects.filter(visible, pk__in=set(offer_ids))}
    seen = _current(offers, visible) if at is None else _held_at(offers, visible, at)
    return _priced(offers, seen, sources or Sources(), now=at or timezone.now())


def price_at(
    offer: Offer | int, measure: str, when: datetime, team_id: int | None = None
) -> Price | None:
    """Return the price that held at a past moment, None when none was known."""
    offer_id = offer if isinstance(offer, int) else offer.pk
    found = prices_for([offer_id], team_id=team_id, at=when).get(offer_id)
    return None if found is None else found.measures.get(measure)


def find_offers(
    *,
    kind: str = "",
    text: str = "",
    gpu: str = "",
    mode: str = "",
    weights: str = "",
    limit: int = 50,
    team_id: int | None = None,
) -> list[OfferPrice]:
    """Return the offers with a known price that fit, the best fit first, then the cheapest.

    `text` is words as people type them: "Llama 3.3 70B at Together". Aliases such as "gpt-5-latest"
    are left out, since what they mean moves; what is no longer sold comes last.
    """
    offers = search.matching(
        kind=kind, text=text, gpu=gpu, mode=mode, weights=weights, team_id=team_id
    )
    ids = offers.filter(is_alias=False).values_list("pk", flat=True)[:MOST_CANDIDATES]
    found = [o for o in prices_for(list(ids), team_id=team_id).values() if o.measures]
    return sorted(found, key=lambda offer: _relevance(offer, text))[:limit]


def cheapest_machines(*, team_id: int | None) -> list[OfferPrice]:
    """Return each seller's cheapest offer of each known GPU on each of its terms, cheapest first.

    Machines of several GPUs are told apart by their number. What is no longer sold is left out.
    """
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=team_id)
    rows = CurrentPrice.objects.filter(
        visible,
        Q(offer__for_team_id__isnull=True) | Q(offer__for_team_id=team_id),
        offer__kind=Offer.Kind.GPU,
        offer__gpu_is_known=True,
        observation__status=Observation.Status.ACCEPTED,
    )
    columns = ("provider", "gpu", "gpu_count", "mode", "term_months")
    cheapest: dict[tuple[object, ...], int] = {}
    for offer_id, *key in rows.order_by("observation__amount", "pk").values_list(
        "offer_id", *(f"offer__{name}" for name in columns), "observation__currency"
    ):
        cheapest.setdefault(tuple(key), offer_id)
    found = prices_for(cheapest.values(), team_id=team_id).values()
    usable = [o for o in found if o.measures and not _is_gone(o)]
    return sorted(usable, key=lambda offer: _leading(offer).amount)


def _is_gone(offer: OfferPrice) -> bool:
    return offer.is_withdrawn or any(p.is_expired for p in offer.measures.values())


def _leading(offer: OfferPrice) -> Price:
    return offer.measures.get("input") or next(iter(offer.measures.values()))


def _relevance(offer: OfferPrice, text: str) -> tuple[bool, int, Decimal, str]:
    far = search.distance(offer.model or offer.gpu, text)
    return (_is_gone(offer), far, _leading(offer).amount, offer.name)


def changed_since(since: int | datetime) -> set[int]:
    """Return the ids of offers with an observation after the given observation id or time."""
    after = {"pk__gt": since} if isinstance(since, int) else {"seen_at__gt": since}
    usable = Observation.objects.filter(status__in=USABLE, **after)
    return set(usable.order_by().values_list("offer_id", flat=True).distinct())


def newest_observation_id() -> int:
    """Return the id of the newest observation, 0 when there is none: a mark for `changed_since`."""
    return Observation.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def newest_pull() -> datetime | None:
    """Return when a source last answered with prices that were taken, None when none has."""
    last: datetime | None = SourceHealth.objects.aggregate(last=Max("last_success_at"))["last"]
    return last


Held = tuple[Observation, bool]


def _current(offers: dict[int, Offer], visible: Q) -> Iterator[Held]:
    rows = CurrentPrice.objects.filter(visible, offer_id__in=offers, observation__isnull=False)
    for row in rows.select_related("observation"):
        if row.observation is not None:
            yield row.observation, row.pending_id is not None


def _held_at(offers: dict[int, Offer], visible: Q, at: datetime) -> Iterator[Held]:
    """Yield what held at a moment: what was known then, else what was learnt of it later.

    So an answer that could be given then never changes, and one that could not may become known.
    """
    rows = Observation.objects.filter(visible, offer_id__in=offers, status__in=USABLE)
    # A price without dates of its own holds from when it was seen; one that had ended before it was
    # seen is history that the source told later.
    told_later = Q(valid_from__isnull=False) | Q(valid_until__gt=at, valid_until__lte=F("seen_at"))
    in_force = Q(valid_from__isnull=True) | Q(valid_from__lte=at)
    rows = rows.filter(in_force, Q(seen_at__lte=at) | told_later)
    held: dict[tuple[int, str, str, int | None], Observation] = {}
    for row in rows.order_by("seen_at", F("valid_from").asc(nulls_first=True), "pk"):
        key = (row.offer_id, row.measure, row.source, row.for_team_id)
        if row.seen_at <= at or key not in held or _is_later(row, held[key], at):
            held[key] = row
    for row in held.values():
        yield row, False


def _is_later(row: Observation, than: Observation, at: datetime) -> bool:
    if than.seen_at <= at or row.valid_from is None:
        return False
    return than.valid_from is None or row.valid_from >= than.valid_from


def _priced(
    offers: dict[int, Offer], seen: Iterable[Held], sources: Sources, *, now: datetime
) -> dict[int, OfferPrice]:
    found: dict[int, dict[str, list[Price]]] = {pk: {} for pk in offers}
    for observation, is_contested in seen:
        offer = offers[observation.offer_id]
        freshness = sources.freshness(observation.source, offer.provider)
        price = _as_price(observation, offer, freshness, is_contested, now)
        found[offer.pk].setdefault(observation.measure, []).append(price)
    return {
        pk: _as_offer_price(offer, {m: _chosen(p) for m, p in found[pk].items()})
        for pk, offer in offers.items()
    }


def _chosen(prices: list[Price]) -> Price:
    """Return the price to use: the team's quote, else what is still sold and freshest."""
    best, *rest = sorted(prices, key=_order)
    if not rest:
        return best
    return Price(**{**best.__dict__, "others": tuple(rest)})


def _order(price: Price) -> tuple[bool, bool, bool, bool, float, str]:
    checked = price.checked_at.timestamp() if price.checked_at else 0.0
    return (
        price.is_expired,
        not price.is_quote,
        price.status == Observation.Status.WITHDRAWN,
        price.is_stale,
        -checked,
        price.source,
    )


def _as_price(
    observation: Observation, offer: Offer, freshness: Freshness, is_contested: bool, now: datetime
) -> Price:
    is_quote = observation.for_team_id is not None
    until = observation.valid_until
    stale = not is_quote and freshness.is_stale(kind=offer.kind, mode=offer.mode, now=now)
    return Price(
        measure=observation.measure,
        amount=_amount(observation),
        currency=observation.currency,
        unit=observation.unit,
        source=observation.source,
        source_url=observation.source_url,
        seen_at=observation.seen_at,
        checked_at=observation.seen_at if is_quote else freshness.at,
        observation_id=observation.pk,
        is_quote=is_quote,
        is_bundled=not is_quote and freshness.is_bundled,
        is_stale=stale or is_contested,
        valid_from=observation.valid_from,
        valid_until=until,
        is_expired=until is not None and until <= now,
        status=observation.status,
        is_contested=is_contested,
    )


def _amount(observation: Observation) -> Decimal:
    if observation.amount is None:
        raise ValueError(f"observation {observation.pk} is usable but has no amount")
    return observation.amount


def _as_offer_price(offer: Offer, measures: dict[str, Price]) -> OfferPrice:
    copied = {
        name: getattr(offer, name)
        for name in OfferPrice.__dataclass_fields__
        if hasattr(offer, name)
    }
    return OfferPrice(offer_id=offer.pk, name=str(offer), measures=measures, **copied)


def places_of(observation_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Return the offer and the measure that each observation was of, by its id."""
    rows = Observation.objects.filter(pk__in=list(observation_ids))
    return {
        pk: (offer, measure) for pk, offer, measure in rows.values_list("pk", "offer_id", "measure")
    }


def moments(offer_ids: Iterable[int], *, team_id: int | None, since: datetime) -> list[datetime]:
    """Return when prices of these offers were seen after a moment: the last time of each day."""
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=team_id)
    rows = Observation.objects.filter(
        visible, offer_id__in=list(offer_ids), status__in=USABLE, seen_at__gt=since
    )
    by_day = {
        seen.date(): seen for seen in rows.order_by("seen_at").values_list("seen_at", flat=True)
    }
    return list(by_day.values())


@dataclass(frozen=True, kw_only=True)
class NewModel:
    """A model that was first seen after a moment, with its cheapest offer."""

    model: str
    first_seen_at: datetime
    offer: OfferPrice


def families_of(offer_ids: Iterable[int]) -> list[str]:
    """Return the families of models of these offers, in alphabetical order."""
    found = Offer.objects.filter(pk__in=list(offer_ids)).exclude(family="").order_by()
    return sorted(set(found.values_list("family", flat=True)))


def families() -> list[str]:
    """Return the names of the families of models that are known, in alphabetical order."""
    return list(ModelFamily.objects.order_by("name").values_list("name", flat=True))


def new_models(families: Iterable[str], *, since: datetime, team_id: int | None) -> list[NewModel]:
    """Return the models of these families that nobody sold before a moment, the newest first.

    A source that was itself first read after that moment shows old models as new: it says nothing.
    """
    sold = Observation.objects.filter(
        offer__kind=Offer.Kind.TOKEN,
        offer__is_alias=False,
        offer__for_team_id=None,
        for_team_id=None,
        offer__family__in=list(families),
        status__in=USABLE,
    ).order_by()
    later = sold.filter(seen_at__gt=since)
    if not later.exists():
        return []
    old_sources = set(
        Observation.objects.filter(seen_at__lte=since).order_by().values_list("source").distinct()
    )
    before = sold.filter(seen_at__lte=since).values("offer__model")
    first: dict[str, datetime] = {}
    offers: dict[int, str] = {}
    rows = later.exclude(offer__model__in=before).order_by("seen_at", "pk")
    for model, offer_id, source, seen_at in rows.values_list(
        "offer__model", "offer_id", "source", "seen_at"
    ):
        if (source,) in old_sources:
            first.setdefault(model, seen_at)
            offers[offer_id] = model
    cheapest: dict[str, OfferPrice] = {}
    priced = [o for o in prices_for(offers, team_id=team_id).values() if o.measures]
    for offer in sorted(priced, key=lambda offer: _leading(offer).amount):
        cheapest.setdefault(offers[offer.offer_id], offer)
    found = [NewModel(model=m, first_seen_at=first[m], offer=o) for m, o in cheapest.items()]
    return sorted(found, key=lambda each: (each.first_seen_at, each.model), reverse=True)


def families_with_new_models(after: int) -> set[str]:
    """Return the families of which a model was first seen by an observation after this id."""
    sold = Observation.objects.filter(offer__kind=Offer.Kind.TOKEN).exclude(offer__family="")
    before = sold.filter(pk__lte=after).order_by().values("offer__model")
    later = sold.filter(pk__gt=after).exclude(offer__model__in=before).order_by()
    return set(later.values_list("offer__family", flat=True).distinct())
