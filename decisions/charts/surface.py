"""Which option is cheapest at which volume and price, and where do we stand?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisions.charts.break_even import COLOURS
from decisions.charts.scales import Axis, Point, Tick, cut, log_ticks, path
from decisions.surfaces import Landscape
from decisions.templatetags.figures import short

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 66, 740, 24, 370
Marks = NDArray[np.bool_]
FACTORS = (0.1, 0.2, 0.5, 1, 2, 5, 10)
# A region smaller than this share of the picture has no room for its name.
LEAST_NAMED = 0.02
NONE = "none carries it"
ROOM_FOR_TODAY = 52.0


@dataclass(frozen=True, kw_only=True)
class Region:
    """Where one option is cheapest; `name_at` is None where its name has no room."""

    name: str
    css: str
    colour: str
    path: str
    label: str
    name_at: Point | None
    share: float


@dataclass(frozen=True, kw_only=True)
class SurfaceChart:
    """Regions over volume and price, both in steps of ten, with today, its band and its path."""

    title: str
    description: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    what: str
    regions: tuple[Region, ...]
    today: Point
    band: tuple[float, float, float, float]
    path: str
    signed: tuple[tuple[Point, str], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    volumes: tuple[str, ...]
    table: tuple[tuple[str, tuple[str, ...]], ...]


def surface_chart(found: Landscape) -> SurfaceChart:
    """Return the chart of a landscape."""
    surface, today = found.surface, found.tokens_per_month
    low, high = float(surface.scales[0]) * today, float(surface.scales[-1]) * today
    x = Axis(low=low, high=high, start=LEFT, end=RIGHT, is_log=True)
    y = Axis(
        low=float(surface.factors[0]),
        high=float(surface.factors[-1]),
        start=BOTTOM,
        end=TOP,
        is_log=True,
    )
    at = [v for v in log_ticks(low, high) if x.holds(v)]
    best = surface.at(scale=1, factor=1)
    here = (x.at(today), y.at(1.0))
    regions = tuple(_regions(found, here))
    points = [
        ((x.at(each.scale * today), y.at(each.factor)), each.period)
        for each in found.path
        if x.holds(each.scale * today) and y.holds(each.factor)
    ]
    return SurfaceChart(
        title=f"What is cheapest at which volume and {found.what}",
        description=(
            f"Today {best} is cheapest. Over a hundredth to a hundred times today's volume and a "
            f"tenth to ten times today's {found.what}: "
            + ", ".join(f"{r.name} on {r.share:.0%} of the picture" for r in regions)
            + "."
        ),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        what=found.what,
        regions=regions,
        today=here,
        band=_rectangle(found, x, y),
        path=path([*(point for point, _ in points), here]) if points else "",
        signed=tuple(points),
        x_ticks=tuple(Tick(at=x.at(v), label=short(v)) for v in at),
        y_ticks=tuple(Tick(at=y.at(f), label=f"× {f:g}") for f in FACTORS),
        volumes=tuple(short(v) for v in at),
        table=tuple(
            (f"× {f:g}", tuple(surface.at(scale=v / today, factor=f) or NONE for v in at))
            for f in reversed(FACTORS)
        ),
    )


def _rectangle(found: Landscape, x: Axis, y: Axis) -> tuple[float, float, float, float]:
    """Return left, top, width and height of the band."""
    least, most, cheap, dear = found.band
    left = x.at(max(least * found.tokens_per_month, x.low))
    right = x.at(min(most * found.tokens_per_month, x.high))
    top, bottom = y.at(dear), y.at(cheap)
    return left, top, round(right - left, 1), round(bottom - top, 1)


def _beside(name_at: Point, today: Point) -> Point:
    """Return the place of a name, moved up or down where it would lie on today's dot and band."""
    x, y = name_at
    if abs(y - today[1]) >= ROOM_FOR_TODAY:
        return name_at
    return x, today[1] + (ROOM_FOR_TODAY if y > today[1] else -ROOM_FOR_TODAY)


def _regions(found: Landscape, today: Point) -> Iterator[Region]:
    cheapest = found.surface.cheapest
    for place, name in enumerate(found.surface.names):
        here = cheapest == place
        share = float(here.mean())
        if share:
            yield Region(
                name=name,
                css=f"s{place % len(COLOURS) + 1}",
                colour=COLOURS[place % len(COLOURS)],
                path="".join(_cells(here)),
                label=cut(name, width=_room(here)),
                name_at=_beside(_middle(here), today) if share >= LEAST_NAMED else None,
                share=share,
            )


def _cells(here: Marks) -> Iterator[str]:
    """Yield a box for each unbroken stretch of a column."""
    rows, columns = here.shape
    width, height = (RIGHT - LEFT) / columns, (BOTTOM - TOP) / rows
    for column in range(columns):
        for first, last in _runs(here[:, column]):
            x, y = LEFT + column * width, BOTTOM - last * height
            # A hair wider than the column: no seam shows between two.
            yield f"M{x:.1f} {y:.1f}h{width + 0.3:.1f}v{(last - first) * height:.1f}h-{width + 0.3:.1f}z"


def _runs(column: Marks) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(column, dtype=int), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _middle(here: Marks) -> Point:
    """Return the middle of the longest stretch of the row in which the region is widest."""
    rows, columns = here.shape
    row, (first, last) = _widest(here)
    return (
        round(LEFT + (first + last) / 2 * (RIGHT - LEFT) / columns, 1),
        round(BOTTOM - (row + 0.5) * (BOTTOM - TOP) / rows, 1),
    )


def _room(here: Marks) -> float:
    _, (first, last) = _widest(here)
    return float(max(60, (last - first) * (RIGHT - LEFT) / here.shape[1] - 12))


def _widest(
    here: Marks,
) -> tuple[int, tuple[int, int]]:
    """Return the row in which the region has its longest stretch, amid rows that are as long."""
    longest = [
        (row, max(_runs(here[row]), key=lambda run: run[1] - run[0], default=(0, 0)))
        for row in range(here.shape[0])
    ]
    most = max(run[1] - run[0] for _, run in longest)
    near = [each for each in longest if each[1][1] - each[1][0] >= 0.9 * most]
    return near[len(near) // 2]
