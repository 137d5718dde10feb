"""Where on paper does a value stand, and how is it labelled?"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Wide enough for the labels of the widest common fonts; a label is cut rather than run over.
LETTER_WIDTH = 6.6

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A line of the grid and its label."""

    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A straight scale from `low`–`high` to `start`–`end` on paper; logarithmic when it says so."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """Return the place of a value, rounded to a tenth of a pixel.

        >>> Axis(low=1, high=100, start=0, end=200, is_log=True).at(10)
        100.0
        """
        low, high, value = (
            (math.log10(self.low), math.log10(self.high), math.log10(value))
            if self.is_log
            else (self.low, self.high, value)
        )
        share = (value - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 1)

    def holds(self, value: float) -> bool:
        """Return whether a value lies on the axis."""
        return self.low <= value <= self.high


def decades(low: float, high: float) -> list[float]:
    """Return the powers of ten from low to high.

    >>> decades(1e6, 1e9)
    [1000000.0, 10000000.0, 100000000.0, 1000000000.0]
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**power for power in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return values for the grid of a logarithmic axis: more between decades when there are few.

    >>> log_ticks(1e3, 1e4)
    [1000.0, 2000.0, 5000.0, 10000.0]
    """
    steps = (1, 2, 5) if math.log10(high / low) <= 3.2 else (1,)
    below = 10.0 ** math.floor(math.log10(low))
    found = [decade * step for decade in decades(below, high) for step in steps]
    return [value for value in found if low * 0.999 <= value <= high * 1.001]


def nice_steps(highest: float, *, about: int = 4) -> list[float]:
    """Return 0 and round values up to at least the highest.

    >>> nice_steps(18_000)
    [0.0, 5000.0, 10000.0, 15000.0, 20000.0]
    """
    if highest <= 0:
        return [0, 1]
    rough = highest / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    return [place * step for place in range(math.ceil(highest / step - 1e-9) + 1)]


def apart(places: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Return the places moved just enough to be `gap` apart and inside low–high, order kept.

    >>> apart([50, 52, 100], gap=14, low=0, high=110)
    [50, 64, 100]
    >>> apart([105, 108], gap=14, low=0, high=110)
    [96, 110]
    """
    order = sorted(range(len(places)), key=lambda place: places[place])
    moved = list(places)
    floor = low
    for place in order:
        moved[place] = max(moved[place], floor)
        floor = moved[place] + gap
    ceiling = high
    for place in reversed(order):
        moved[place] = min(moved[place], ceiling)
        ceiling = moved[place] - gap
    return moved


def path(points: Iterable[Point]) -> str:
    """Return points as the data of an SVG path, without those that lie on a straight line.

    >>> path([(0, 0), (10, 10), (20, 20), (30, 0)])
    'M0 0 20 20 30 0'
    """
    kept: list[Point] = []
    for point in points:
        while len(kept) > 1 and _is_straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return "M" + " ".join(f"{x:g} {y:g}" for x, y in kept) if kept else ""


def _is_straight(first: Point, middle: Point, last: Point) -> bool:
    (ax, ay), (bx, by), (cx, cy) = first, middle, last
    length = math.hypot(cx - ax, cy - ay)
    return abs((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) <= 0.02 * max(length, 1e-9)


def cut(text: str, *, width: float, letter: float = LETTER_WIDTH) -> str:
    """Return the text, shortened to what fits into the width.

    >>> cut("A very long option name", width=80)
    'A very long…'
    """
    letters = int(width / letter)
    return text if len(text) <= letters else text[: max(letters - 1, 1)].rstrip() + "…"
