"""What does an answer change in the price book? Pure: what is known is handed in."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricing.guards import single, whole
from pricing.things import Quote, plain

ACCEPTED, QUARANTINED = "accepted", "quarantined"
REJECTED, WITHDRAWN = "rejected", "withdrawn"
# Amounts are kept to a billionth; more digits are left-overs of binary fractions.
PLACES = Decimal("0.000000001")
LARGEST = Decimal(1_000_000_000)

Key = tuple[str, str]


class Known(NamedTuple):
    """What a source said last of one price. `amount` None: nothing of it was ever accepted."""

    offer_id: int
    provider: str
    pointer_id: int | None = None
    observation_id: int | None = None
    amount: Decimal | None = None
    currency: str = ""
    unit: str = ""
    valid_until: datetime | None = None
    status: str = ""
    pending_id: int | None = None
    pending_amount: Decimal | None = None
    pending_reason: str = ""


class Change(NamedTuple):
    """An observation to append. `moves` says whether it bears on the current price."""

    quote: Quote
    status: str
    reason: str
    moves: bool = True


@dataclass
class Weighed:
    """What an answer comes to."""

    changes: list[Change] = field(default_factory=list)
    gone: list[Key] = field(default_factory=list)
    unchanged: int = 0
    held: dict[str, whole.Shrunk] = field(default_factory=dict)
    next_dated: datetime | None = None
    jumped: dict[str, whole.Jumped] = field(default_factory=dict)

    @property
    def is_doubtful(self) -> bool:
        """Return whether most of the answer jumped: it confirms nothing."""
        return whole.ALL in self.jumped


def weigh(
    quotes: Iterable[Quote],
    *,
    known: Mapping[Key, Known],
    history: frozenset[tuple[str, str, datetime | None, Decimal | None]],
    at: datetime,
    released: Mapping[str, int] | None = None,
) -> Weighed:
    """Return what to append for an answer seen at `at`, and what stays as it is.

    `history` is what the source's own dated past already holds; `released` are providers that may
    have shrunk to about so many offers, since a person said so.
    """
    sold = whole.dearest_of_duplicates(map(_rounded, quotes))
    now = whole.offers_by_provider(sold)
    shrunk = whole.shrunk_providers(before=_accepted_offers(known), now=now)
    allowed = whole.shrunk_providers(before=released or {}, now=now)
    result = Weighed(
        held={p: s for p, s in shrunk.items() if p not in (released or {}) or p in allowed}
    )
    objections = _objections(sold.values())
    current, dated = _in_force(sold, at)
    result.jumped = whole.wholesale_jumps(_jumps(current, known))
    for key, quote in current.items():
        if quote.thing.provider not in result.held:
            _weigh_one(key[0], quote, known.get(key), objections, result)
    told = {fact[:3]: fact[3] for fact in history}
    credible = [q for q in dated if not _has_jumped(q, result.jumped)]
    result.changes[:0] = [c for q in credible if (c := _of_history(q, history, told)) is not None]
    result.next_dated = min(
        (q.valid_from for q in dated if q.valid_from and q.valid_from > at), default=None
    )
    result.gone = [
        key
        for key, was in known.items()
        if was.status == ACCEPTED
        and key not in current
        and was.provider not in result.held
        and not result.is_doubtful
    ]
    return result


def _weigh_one(
    thing: str,
    quote: Quote,
    was: Known | None,
    objections: Mapping[str, single.Verdict],
    result: Weighed,
) -> None:
    if was is not None and _says_nothing_new(quote, was):
        result.unchanged += 1
        return
    verdict = objections.get(thing) or single.judge(
        quote, before=was.amount if was is not None and was.currency == quote.currency else None
    )
    if verdict is None and _has_jumped(quote, result.jumped):
        verdict = single.Verdict(QUARANTINED, "wholesale_jump", "most prices beside it jumped")
    if verdict is None:
        result.changes.append(Change(quote, ACCEPTED, ""))
    elif was is not None and was.pending_id and was.pending_amount == storable(quote.amount):
        result.unchanged += 1
    else:
        result.changes.append(Change(quote, verdict.status, f"{verdict.guard}: {verdict.reason}"))


def _says_nothing_new(quote: Quote, was: Known) -> bool:
    return (
        was.status == ACCEPTED
        and was.pending_id is None
        and quote.amount == was.amount
        and quote.currency == was.currency
        and quote.valid_until == was.valid_until
    )


def _jumps(current: Mapping[Key, Quote], known: Mapping[Key, Known]) -> Iterable[tuple[str, bool]]:
    """Yield the provider of each price whose price before is known, and whether it jumped."""
    for key, quote in current.items():
        was = known.get(key)
        if quote.amount is None or quote.amount <= 0 or was is None or was.amount is None:
            continue
        if was.currency == quote.currency:
            yield quote.thing.provider, single.no_jump(quote, before=was.amount) is not None


def _has_jumped(quote: Quote, jumped: Mapping[str, whole.Jumped]) -> bool:
    return whole.ALL in jumped or quote.thing.provider in jumped


def _of_history(
    quote: Quote,
    history: frozenset[tuple[str, str, datetime | None, Decimal | None]],
    told: Mapping[tuple[str, str, datetime | None], Decimal | None],
) -> Change | None:
    """Return a dated price of the past or future to append, unless it is stored or unbelievable."""
    day = (quote.thing.key, quote.measure, quote.valid_from)
    stored = (*day, quote.amount) in history
    if stored or single.judge(quote, before=told.get(day)) is not None:
        return None
    return Change(quote, ACCEPTED, "", moves=False)


def _in_force(
    sold: Mapping[whole.Priced, Quote], at: datetime
) -> tuple[dict[Key, Quote], list[Quote]]:
    """Split into the price of each thing that holds now, and those of other times."""
    current: dict[Key, Quote] = {}
    dated: list[Quote] = []
    for (thing, measure, _), quote in sold.items():
        key = (thing, measure)
        if quote.valid_from is not None and quote.valid_from > at:
            dated.append(quote)
        elif (earlier := current.get(key)) is None:
            current[key] = quote
        elif earlier.valid_from is None or (
            quote.valid_from and quote.valid_from > earlier.valid_from
        ):
            dated.append(earlier)
            current[key] = quote
        else:
            dated.append(quote)
    return current, dated


def _objections(quotes: Collection[Quote]) -> dict[str, single.Verdict]:
    """Return what only the whole answer shows to be wrong, by the thing's key."""
    found: dict[str, single.Verdict] = {}
    placeholders = whole.sentinels(quotes)
    for key in whole.spot_without_discount(quotes):
        says = "spot costs no less than on demand: no spot price"
        found[key] = single.Verdict(REJECTED, "spot_without_discount", says)
    for quote in quotes:
        if quote.amount is not None and (quote.thing.provider, quote.amount) in placeholders:
            says = f"{plain(quote.amount)} stands on {whole.SENTINEL_MODELS} or more GPU models"
            found[quote.thing.key] = single.Verdict(REJECTED, "sentinels", says)
    return found


def _accepted_offers(known: Mapping[Key, Known]) -> Counter[str]:
    providers: dict[str, set[int]] = defaultdict(set)
    for was in known.values():
        if was.status == ACCEPTED:
            providers[was.provider].add(was.offer_id)
    return Counter({provider: len(offers) for provider, offers in providers.items()})


def _rounded(quote: Quote) -> Quote:
    amount = quote.amount
    if amount is None or amount.is_zero() or abs(amount) >= LARGEST:
        return quote
    rounded = amount.quantize(PLACES)
    return quote if rounded == amount else quote._replace(amount=rounded)


def storable(amount: Decimal | None) -> Decimal | None:
    """Return the amount, None for one that is too large for the book: its reason still says it."""
    return None if amount is None or abs(amount) >= LARGEST else amount
