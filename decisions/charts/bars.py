"""Which of a few prices is how much lower than the others?"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from decisions.charts.scales import cut
from decisions.templatetags.figures import money

# Narrow, so that the letters can be read on a phone.
WIDTH = 380
ROW = 40
LONGEST = 280


@dataclass(frozen=True, kw_only=True)
class PriceBar:
    """One bar below its name, its amount behind its end."""

    name: str
    y: int
    width: float
    amount: str


@dataclass(frozen=True, kw_only=True)
class PriceBars:
    """Bars from zero, in the order given."""

    title: str
    description: str
    width: int
    height: int
    bars: tuple[PriceBar, ...]


def price_bars(
    found: Iterable[tuple[str, Decimal]], *, currency: str, title: str
) -> PriceBars | None:
    """Return the chart of positive amounts, None when there is none."""
    prices = list(found)
    if not prices:
        return None
    top = max(amount for _, amount in prices)
    bars = tuple(
        PriceBar(
            name=cut(name, width=WIDTH),
            y=place * ROW,
            width=round(max(float(amount / top) * LONGEST, 1), 1),
            amount=money(amount, currency),
        )
        for place, (name, amount) in enumerate(prices)
    )
    lowest, highest = min(prices, key=lambda p: p[1]), max(prices, key=lambda p: p[1])
    return PriceBars(
        title=title,
        description=f"From {money(lowest[1], currency)} ({lowest[0]}) to {money(highest[1], currency)} ({highest[0]}).",
        width=WIDTH,
        height=len(bars) * ROW,
        bars=bars,
    )
