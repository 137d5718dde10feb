"""At which volumes does the cheaper of two options change?

A bill over the volume is a straight line plus stairs. Two of them can cross on a straight stretch
or at a step, and more than once. Every crossing in the range is looked for like this: the range
is cut into intervals; since stairs only climb, the two ends of an interval bound the difference
of two bills inside it; an interval whose bounds exclude zero is dropped, one without a step is
solved exactly, and any other is cut again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from decisions.formulas.lines import Floats, Line, Stairs

LEAST_TOKENS = 1e6
MOST_TOKENS = 1e13
GRID_INTERVALS = 192
CUTS = 16
NARROWEST = 1e-11
"""An interval this narrow, relative to its volume, is where a step is."""
MOST_INTERVALS = 2_000
"""Two bills that run side by side over endless stairs are followed no further than this."""

Places = NDArray[np.intp]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A monthly bill over the scale of the volume: fixed + slope × scale + price × replicas."""

    fixed: Decimal
    slope: Decimal
    steps: tuple[tuple[Stairs, Decimal, Decimal], ...] = ()
    """For each staircase: the stairs, the share of the volume they see, the price per replica."""


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Where two bills cross: at ``scale`` × today's volume ``cheaper_above`` becomes cheaper.

    ``first``, ``second`` and ``cheaper_above`` are places in the list of curves.
    """

    first: int
    second: int
    scale: float
    cheaper_above: int
    at_step: bool


def curve(lines: Sequence[Line]) -> Curve:
    """Fold the lines of a bill into one curve."""
    return Curve(
        fixed=sum((line.fixed * line.price for line in lines), Decimal(0)),
        slope=sum((line.scaling * line.price for line in lines), Decimal(0)),
        steps=tuple(
            (line.stairs, line.share, line.per_replica * line.price)
            for line in lines
            if line.stairs is not None
        ),
    )


@dataclass(frozen=True)
class _Pairs:
    """The differences of all pairs of curves as arrays, one row per pair."""

    members: list[tuple[int, int]]
    fixed: Floats
    slope: Floats
    stairs: list[tuple[Stairs, float]]
    price: Floats

    def counts(self, scales: Floats) -> Floats:
        """Replicas for each staircase (rows) at each scale (columns)."""
        rows = [stairs.replicas(scales * share) for stairs, share in self.stairs]
        return np.array(rows).reshape(len(rows), len(scales))


@dataclass
class _Intervals:
    """Intervals of the scale, each for one pair, with the replicas at both of its ends."""

    pair: Places
    low: Floats
    high: Floats
    counts_low: Floats
    counts_high: Floats

    def take(self, keep: Marks) -> "_Intervals":
        return _Intervals(
            self.pair[keep],
            self.low[keep],
            self.high[keep],
            self.counts_low[:, keep],
            self.counts_high[:, keep],
        )


def crossings(
    curves: Sequence[Curve], *, lowest_scale: float, highest_scale: float
) -> tuple[list[Crossing], set[tuple[int, int]]]:
    """Return every crossing of every two curves between two scales, and the pairs cut short.

    Ordered by pair, then by volume. Two bills that are the same everywhere do not cross. A pair
    is cut short when its bills run so close over so many steps that the search was given up.

    A rented pair of GPUs at 3,650 against a managed API at 740 crosses at 4.93 times the volume:

    >>> rented = Curve(fixed=Decimal(3650), slope=Decimal(0))
    >>> managed = Curve(fixed=Decimal(0), slope=Decimal(740))
    >>> found, cut_short = crossings([managed, rented], lowest_scale=1e-3, highest_scale=1e3)
    >>> [(round(each.scale, 4), each.cheaper_above) for each in found]
    [(4.9324, 1)]
    """
    pairs = _differences(curves)
    if not pairs.members:
        return [], set()
    todo = _grid(pairs, lowest_scale, highest_scale)
    found: list[Crossing] = []
    cut_short: set[tuple[int, int]] = set()
    while todo.pair.size:
        todo = todo.take(_may_cross(pairs, todo))
        flat = (todo.counts_low == todo.counts_high).all(axis=0)
        narrow = todo.high - todo.low <= NARROWEST * todo.high
        found += _solved(pairs, todo.take(flat | narrow))
        todo = todo.take(~(flat | narrow))
        too_many = _place_in_pair(todo.pair) >= MOST_INTERVALS
        cut_short |= {pairs.members[place] for place in set(todo.pair[too_many])}
        todo = _cut(pairs, todo.take(~too_many))
    return sorted(found, key=lambda each: (each.first, each.second, each.scale)), cut_short


def _place_in_pair(pair: Places) -> Places:
    """Number the intervals within their pair; they are kept in order of pair, then of volume."""
    return np.arange(pair.size) - np.searchsorted(pair, pair)


def _differences(curves: Sequence[Curve]) -> _Pairs:
    """First curve less second, for every pair; stairs that several curves share are one column."""
    members = list(combinations(range(len(curves)), 2))
    columns = {(stairs, share): 0 for each in curves for stairs, share, _ in each.steps}
    columns = {key: place for place, key in enumerate(columns)}
    own_price = np.zeros((len(curves), len(columns)))
    for row, each in enumerate(curves):
        for stairs, share, price in each.steps:
            own_price[row, columns[stairs, share]] += float(price)
    return _Pairs(
        members=members,
        fixed=np.array([float(curves[a].fixed - curves[b].fixed) for a, b in members]),
        slope=np.array([float(curves[a].slope - curves[b].slope) for a, b in members]),
        stairs=[(stairs, float(share)) for stairs, share in columns],
        price=np.array([own_price[a] - own_price[b] for a, b in members]),
    )


def _grid(pairs: _Pairs, lowest: float, highest: float) -> _Intervals:
    edges = np.geomspace(lowest, highest, GRID_INTERVALS + 1)
    counts = pairs.counts(edges)
    times = len(pairs.members)
    return _Intervals(
        np.repeat(np.arange(times), GRID_INTERVALS),
        np.tile(edges[:-1], times),
        np.tile(edges[1:], times),
        np.tile(counts[:, :-1], times),
        np.tile(counts[:, 1:], times),
    )


def _cut(pairs: _Pairs, todo: _Intervals) -> _Intervals:
    """Cut each interval into equal pieces."""
    if not todo.pair.size:
        return todo
    edges = np.linspace(todo.low, todo.high, CUTS + 1, axis=1)
    counts = pairs.counts(edges.ravel()).reshape(-1, *edges.shape)
    rows = counts.shape[0]
    return _Intervals(
        np.repeat(todo.pair, CUTS),
        edges[:, :-1].ravel(),
        edges[:, 1:].ravel(),
        counts[:, :, :-1].reshape(rows, -1),
        counts[:, :, 1:].reshape(rows, -1),
    )


def _may_cross(pairs: _Pairs, todo: _Intervals) -> Marks:
    """Say for which intervals the bounds of the difference have zero between them."""
    fixed, slope = pairs.fixed[todo.pair], pairs.slope[todo.pair]
    price = pairs.price[todo.pair].T
    ends = fixed + slope * todo.low, fixed + slope * todo.high
    at_low, at_high = price * todo.counts_low, price * todo.counts_high
    lower = np.minimum(*ends) + np.minimum(at_low, at_high).sum(axis=0)
    upper = np.maximum(*ends) + np.maximum(at_low, at_high).sum(axis=0)
    return np.asarray((lower < 0) & (upper >= 0))


def _solved(pairs: _Pairs, ready: _Intervals) -> list[Crossing]:
    """Read the crossing off each interval whose difference changes sign from end to end.

    Without a step inside, the difference is a straight line, and the crossing is exact. A step
    counts from just above the volume at which the replica before it is full.
    """
    fixed, slope = pairs.fixed[ready.pair], pairs.slope[ready.pair]
    price = pairs.price[ready.pair].T
    low = fixed + slope * ready.low + (price * ready.counts_low).sum(axis=0)
    high = fixed + slope * ready.high + (price * ready.counts_high).sum(axis=0)
    found = []
    for place in np.flatnonzero((low < 0) != (high < 0)):
        first, second = pairs.members[ready.pair[place]]
        at_step = bool((ready.counts_low[:, place] != ready.counts_high[:, place]).any())
        exact = ready.low[place] - low[place] / slope[place] if not at_step else ready.high[place]
        found.append(
            Crossing(
                first=first,
                second=second,
                scale=float(np.clip(exact, ready.low[place], ready.high[place])),
                cheaper_above=first if high[place] < 0 else second,
                at_step=at_step,
            )
        )
    return found


def rent_that_ties(
    *, other_total: Decimal, own_total: Decimal, own_gpus: Decimal, gpu_hours: Decimal
) -> Decimal | None:
    """Return the price per GPU-hour at which an option would cost what another one costs.

    Everything but the GPUs' own bill is left as it is. None when no price of zero or more ties,
    or when there are no GPU-hours.

    The article's two H100 tie with the managed API at 740 a month only below this:

    >>> pair = {"own_total": Decimal(2190), "own_gpus": Decimal(2190), "gpu_hours": Decimal(1460)}
    >>> round(rent_that_ties(other_total=Decimal(740), **pair), 3)
    Decimal('0.507')
    """
    room = other_total - (own_total - own_gpus)
    return room / gpu_hours if gpu_hours and room >= 0 else None
