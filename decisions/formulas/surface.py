"""Which option is cheapest at each volume and each price of one thing?

A bill is straight in a price, so it is worked out twice at each volume: what stays, and what follows
the price. Every point between is then one multiplication.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from decisions.formulas import breakeven
from decisions.formulas.lines import Floats, Line, Nature
from decisions.formulas.ranges import mover


@dataclass(frozen=True, kw_only=True)
class Surface:
    """`cheapest[row, column]` is the place in `names` of what is cheapest there, −1 where none carries it.

    Rows follow `factors` (× the price today), columns `scales` (× the volume today).
    """

    names: tuple[str, ...]
    scales: Floats
    factors: Floats
    cheapest: NDArray[np.intp]

    def at(self, *, scale: float, factor: float) -> str:
        """Return the cheapest option at the nearest point, "" where none carries the volume."""
        row = int(np.abs(np.log(self.factors / factor)).argmin())
        column = int(np.abs(np.log(self.scales / scale)).argmin())
        place = int(self.cheapest[row, column])
        return self.names[place] if place >= 0 else ""


def movers(bills: Sequence[Sequence[Line]]) -> list[str]:
    """Return the names of the prices that move any of these bills, those of GPUs before tokens."""
    found = {
        mover(line): None
        for nature in (Nature.RENT, Nature.OWNED, Nature.API_PRICE)
        for lines in bills
        for line in lines
        if line.nature is nature
    }
    return list(found)


def surface(
    costs: Mapping[str, tuple[Sequence[Line], Decimal]],
    *,
    what: str,
    scales: Floats,
    factors: Floats,
    limits: Mapping[str, float],
) -> Surface:
    """Return the surface. `costs` holds each option's lines and what it pays once per month.

    `limits` holds the highest scale of the volume that an option carries; the others carry any.

    >>> from decisions.formulas.lines import Part
    >>> rent = Line(part=Part.GPUS, nature=Nature.RENT, unit="GPUs", price=Decimal(1000),
    ...             price_says="", fixed=Decimal(1))
    >>> api = Line(part=Part.TOKENS, nature=Nature.API_PRICE, unit="M", price=Decimal(1),
    ...            price_says="", scaling=Decimal(500), source="A")
    >>> found = surface({"C": ([rent], Decimal(0)), "A": ([api], Decimal(0))}, what="GPU rent",
    ...                 scales=np.array([1.0, 4.0]), factors=np.array([0.4, 1.0]), limits={})
    >>> [[found.names[place] for place in row] for row in found.cheapest]
    [['C', 'C'], ['A', 'C']]
    """
    planes = []
    for name, (lines, once) in costs.items():
        moving = [line for line in lines if _moves(line, what)]
        still = [line for line in lines if not _moves(line, what)]
        stays = _over(still, scales) + float(once)
        stays[scales > limits.get(name, np.inf)] = np.inf
        planes.append(stays[None, :] + factors[:, None] * _over(moving, scales)[None, :])
    return Surface(
        names=tuple(costs),
        scales=scales,
        factors=factors,
        cheapest=np.where(np.isinf(np.min(planes, axis=0)), -1, np.argmin(planes, axis=0)),
    )


def _moves(line: Line, what: str) -> bool:
    return line.nature is not Nature.FIXED and mover(line) == what


def _over(lines: Sequence[Line], scales: Floats) -> Floats:
    bill = breakeven.curve(lines)
    total: Floats = float(bill.fixed) + float(bill.slope) * scales
    for stairs, share, price in bill.steps:
        total = total + float(price) * stairs.replicas(scales * float(share))
    return total
