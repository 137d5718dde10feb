"""Is this whole answer believable beside the last one?"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricing.things import GPU, ON_DEMAND, SPOT, Quote

# Below this share of its last accepted rows a provider is held and keeps its old prices.
LOWEST_SHARE = Decimal("0.80")
# The same price on this many GPU models of a provider is a placeholder, not a price.
SENTINEL_MODELS = 5


# Where so many prices can be compared, and four of five of them jumped, it is no change of prices.
WHOLESALE_SHARE = Decimal("0.8")
LEAST_OF_SOURCE, LEAST_OF_PROVIDER = 2, 5
ALL = ""


# A thing's key, the measure, and the day from which the price holds.
Priced = tuple[str, str, datetime | None]


class Shrunk(NamedTuple):
    """A provider that lost more rows than a day's changes explain."""

    before: int
    now: int


def shrunk_providers(*, before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, Shrunk]:
    """Return the providers that fell below 80 % of their last accepted offers.

    Counted per provider: one that vanishes hardly shows in the total.

    >>> shrunk_providers(before={"openrouter": 261, "groq": 20}, now={"groq": 19})
    {'openrouter': Shrunk(before=261, now=0)}
    """
    return {
        provider: Shrunk(count, now.get(provider, 0))
        for provider, count in before.items()
        if now.get(provider, 0) < LOWEST_SHARE * count
    }


class Jumped(NamedTuple):
    """How many prices jumped, of how many whose price before is known."""

    jumps: int
    compared: int


def wholesale_jumps(jumps: Iterable[tuple[str, bool]]) -> dict[str, Jumped]:
    """Return the providers of which 80 % of the known prices or more jumped, ALL for the source.

    A slip of unit or point moves everything, and what is new in such an answer has slipped with it.

    >>> wholesale_jumps([("wandb", True)] * 5 + [("openai", False)] * 9)
    {'wandb': Jumped(jumps=5, compared=5)}
    """
    counted: Counter[str] = Counter()
    jumped: Counter[str] = Counter()
    for provider, is_jump in jumps:
        for name in (provider, ALL):
            counted[name] += 1
            jumped[name] += is_jump
    return {
        name: Jumped(jumped[name], compared)
        for name, compared in counted.items()
        if compared >= (LEAST_OF_PROVIDER if name else LEAST_OF_SOURCE)
        and jumped[name] >= WHOLESALE_SHARE * compared
    }


def sentinels(quotes: Iterable[Quote]) -> set[tuple[str, Decimal]]:
    """Return the amounts that a provider puts on five or more GPU models: placeholders."""
    models: dict[tuple[str, Decimal], set[str]] = defaultdict(set)
    for quote in quotes:
        if quote.thing.kind == GPU and quote.amount is not None:
            models[quote.thing.provider, quote.amount].add(quote.thing.gpu)
    return {key for key, names in models.items() if len(names) >= SENTINEL_MODELS}


def spot_without_discount(quotes: Iterable[Quote]) -> set[str]:
    """Return the keys of spot offers that cost no less than on demand: they have no spot price."""
    by_mode: dict[str, dict[tuple[object, ...], Quote]] = {ON_DEMAND: {}, SPOT: {}}
    for quote in quotes:
        if quote.thing.mode in by_mode and quote.amount is not None:
            by_mode[quote.thing.mode][_same_card(quote)] = quote
    on_demand = by_mode[ON_DEMAND]
    return {
        quote.thing.key
        for card, quote in by_mode[SPOT].items()
        if card in on_demand and (quote.amount or 0) >= (on_demand[card].amount or 0)
    }


def dearest_of_duplicates(quotes: Iterable[Quote]) -> dict[Priced, Quote]:
    """Return each price once. Of two prices of one thing in one answer the dearer one stands."""
    kept: dict[Priced, Quote] = {}
    for quote in quotes:
        key = (quote.thing.key, quote.measure, quote.valid_from)
        before = kept.get(key)
        if before is None or (quote.amount or 0) > (before.amount or 0):
            kept[key] = quote
    return kept


def offers_by_provider(sold: Mapping[Priced, Quote]) -> Counter[str]:
    """Return how many things each provider sells in this answer."""
    return Counter({key[0]: quote.thing.provider for key, quote in sold.items()}.values())


def _same_card(quote: Quote) -> tuple[object, ...]:
    thing = quote.thing
    return thing.provider, thing.host, thing.gpu, thing.gpu_count, thing.region
