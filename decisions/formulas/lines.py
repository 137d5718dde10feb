"""How does a monthly bill climb with the volume?

A bill is a list of lines, and a line is units × a price per unit. Its units are fixed (two GPUs,
a quarter of an engineer), follow the tokens (millions of input tokens), or climb in steps with
the replicas that a volume asks for. Bills, break-evens and ranges are all computed from the same
lines, so that they cannot disagree.

The volume is given as a scale: 1 is the workload of today, at which units are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Part(StrEnum):
    """The part of a monthly bill that a line belongs to."""

    TOKENS = "tokens"
    GPUS = "gpus"
    PEOPLE = "people"
    OTHER = "other"


class Nature(StrEnum):
    """What moves the price of a line: each nature has a risk of its own."""

    API_PRICE = "api_price"
    RENT = "rent"
    OWNED = "owned"
    WAGES = "wages"
    FIXED = "fixed"


class Stairs(Protocol):
    """Whole replicas against volume. Hashable, so that equal stairs are climbed once."""

    @property
    def band(self) -> tuple[float, float]:
        """Throughput at its 10th and its 90th percentile, over the median that is counted on."""
        ...

    def replicas(self, scales: Floats) -> Floats:
        """Return the replicas that each volume asks for; never fewer for a larger volume."""
        ...


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a monthly bill.

    ``fixed`` units whatever the volume; ``scaling`` units at today's volume, following it;
    ``per_replica`` units for each replica that ``stairs`` ask for once ``share`` of the tokens
    arrives. ``price`` is money per unit and month; ``drift_per_month`` is how that price changes
    (−0.04 falls 4 % a month). ``unit`` and ``price_says`` are the words for a reader, ``source``
    is the option whose price it is.
    """

    part: Part
    nature: Nature
    unit: str
    price: Decimal
    price_says: str
    fixed: Decimal = Decimal(0)
    scaling: Decimal = Decimal(0)
    per_replica: Decimal = Decimal(0)
    stairs: Stairs | None = None
    share: Decimal = Decimal(1)
    drift_per_month: Decimal = Decimal(0)
    source: str = ""

    def for_share(self, share: Decimal) -> "Line":
        """Return the line when only a share of the tokens comes this way.

        What is fixed stays whole: two GPUs do not shrink because fewer tokens reach them.
        """
        if share == 1:
            return self
        return replace(self, scaling=self.scaling * share, share=self.share * share)

    def units(self, scales: Sequence[Decimal]) -> list[Decimal]:
        """Return the units at each volume."""
        steps = self._steps(scales)
        return [
            self.fixed + self.scaling * scale + self.per_replica * count
            for scale, count in zip(scales, steps, strict=True)
        ]

    def _steps(self, scales: Sequence[Decimal]) -> list[Decimal]:
        if self.stairs is None or not scales:
            return [Decimal(0)] * len(scales)
        volumes = np.array([float(scale * self.share) for scale in scales])
        return [Decimal(int(count)) for count in self.stairs.replicas(volumes)]


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Money per month, by part."""

    tokens: Decimal
    gpus: Decimal
    people: Decimal
    other: Decimal

    @property
    def total(self) -> Decimal:
        """All four parts together."""
        return self.tokens + self.gpus + self.people + self.other


def bill(lines: Sequence[Line], *, scale: Decimal = Decimal(1)) -> Bill:
    """Add the lines up by part, at a volume, today's unless another is given.

    >>> rent = Line(part=Part.GPUS, nature=Nature.RENT, unit="GPUs", price=Decimal(1825),
    ...             price_says="2.50 EUR/GPU-hour × 730 h", fixed=Decimal(2))
    >>> api = Line(part=Part.TOKENS, nature=Nature.API_PRICE, unit="M input tokens",
    ...            price=Decimal(3), price_says="3.00 EUR", scaling=Decimal(1000))
    >>> bill([rent, api.for_share(Decimal("0.2"))]).total
    Decimal('4250.0')
    """
    sums = dict.fromkeys(Part, Decimal(0))
    for line in lines:
        sums[line.part] += line.units([scale])[0] * line.price
    return Bill(**{part.value: amount for part, amount in sums.items()})


def totals(lines: Sequence[Line], *, scales: Sequence[Decimal]) -> list[Decimal]:
    """Return the whole bill at each of many volumes."""
    sums = [Decimal(0)] * len(scales)
    for line in lines:
        for place, units in enumerate(line.units(scales)):
            sums[place] += units * line.price
    return sums


def bills_of_months(
    lines: Sequence[Line], *, months: int, growth_per_month: Decimal
) -> list[Decimal]:
    """Return the bill of each month: month 1 at today's volume and prices, then both move on.

    >>> api = Line(part=Part.TOKENS, nature=Nature.API_PRICE, unit="M input tokens",
    ...            price=Decimal(1), price_says="1.00 EUR", scaling=Decimal(100))
    >>> bills_of_months([api], months=3, growth_per_month=Decimal("0.5"))
    [Decimal('100'), Decimal('150.0'), Decimal('225.00')]
    """
    scales = [(1 + growth_per_month) ** month for month in range(months)]
    totals = [Decimal(0)] * months
    for line in lines:
        for month, units in enumerate(line.units(scales)):
            totals[month] += units * line.price * (1 + line.drift_per_month) ** month
    return totals
