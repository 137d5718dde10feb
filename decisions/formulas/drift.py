"""When do bills that drift apart make the other option cheaper, and what does it cost to miss it?

Both bills are given for months 0, 1, 2, … counted from today and taken as straight in between.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

ZERO = Decimal(0)


def drift_per_month(*, factor: Decimal, months: int) -> Decimal:
    """Return the change per month that multiplies a price by ``factor`` over so many months.

    A price that halves over 18 months falls 3.8 % a month:

    >>> round(drift_per_month(factor=Decimal("0.5"), months=18), 4)
    Decimal('-0.0378')
    """
    return factor ** (Decimal(1) / months) - 1


def flip(*, ours: Sequence[Decimal], theirs: Sequence[Decimal]) -> Decimal | None:
    """Return the month at which our bill begins to exceed theirs, after it did not.

    None when it never does, or did from the start. The article's second team paid 4,667 a month,
    and the managed price halved from 5,000 over 18 months:

    >>> factor = 1 + drift_per_month(factor=Decimal("0.5"), months=18)
    >>> theirs = [Decimal(5000) * factor**month for month in range(19)]
    >>> round(flip(ours=[Decimal(4667)] * 19, theirs=theirs), 1)
    Decimal('1.8')
    """
    gaps = _gaps(ours, theirs)
    for month, (before, after) in enumerate(pairwise(gaps)):
        if before <= 0 < after:
            return month - before / (after - before)
    return None


def cost_between(
    *, ours: Sequence[Decimal], theirs: Sequence[Decimal], start: Decimal, end: Decimal
) -> Decimal:
    """Return what staying costs from one month to another: the area between the bills.

    Negative where ours is the cheaper. Both ends must lie within the months given.

    >>> cost_between(ours=[Decimal(2)] * 3, theirs=[Decimal(1)] * 3, start=Decimal("0.5"),
    ...              end=Decimal(2))
    Decimal('1.50')
    """
    gaps = _gaps(ours, theirs)
    inner = [Decimal(month) for month in range(len(gaps)) if start < month < end]
    edges = [start, *inner, end]
    heights = [_at(gaps, edge) for edge in edges]
    return sum(
        (
            (a + b) / 2 * (edges[place + 1] - edges[place])
            for place, (a, b) in enumerate(pairwise(heights))
        ),
        ZERO,
    )


def _gaps(ours: Sequence[Decimal], theirs: Sequence[Decimal]) -> list[Decimal]:
    return [own - other for own, other in zip(ours, theirs, strict=True)]


def _at(values: Sequence[Decimal], place: Decimal) -> Decimal:
    """Return a value between two months, on the straight line from one to the other."""
    month = min(int(place), len(values) - 2) if len(values) > 1 else 0
    if place == month:
        return values[month]
    return values[month] + (values[month + 1] - values[month]) * (place - month)
