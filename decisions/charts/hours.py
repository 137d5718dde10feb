"""How does the load of an hour stand against what so many replicas carry?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisions.charts.scales import Axis, Tick, nice_steps, path
from decisions.templatetags.figures import short

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 640, 24, 250
DAY, WEEK = 24, 168
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_LINES = 12


@dataclass(frozen=True, kw_only=True)
class Level:
    """What so many replicas carry in an hour at their target load."""

    y: float
    label: str
    is_best: bool


@dataclass(frozen=True, kw_only=True)
class HoursChart:
    """The hours as an area, the busiest of each as a line where many weeks lie on one another."""

    title: str
    description: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    area: str
    peaks: str
    levels: tuple[Level, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    says: str


def hours_chart(hours: Sequence[float], *, per_replica: float, best: int) -> HoursChart:
    """Return the chart: a day or a week as it is; more hours laid over one week."""
    mean, peak, is_folded = _folded(np.asarray(hours, dtype=np.float64))
    levels = _counts(float(peak.max()), per_replica, best)
    top = nice_steps(max(float(peak.max()), levels[-1] * per_replica if levels else 0.0))
    x = Axis(low=0, high=len(mean), start=LEFT, end=RIGHT)
    y = Axis(low=0, high=top[-1], start=BOTTOM, end=TOP)
    return HoursChart(
        title="Tokens per hour and what the replicas carry",
        description=(
            f"The mean hour has {short(float(mean.mean()))} tokens, the busiest "
            f"{short(float(peak.max()))}; one replica carries {short(per_replica)}, "
            f"{best} of them {short(best * per_replica)}."
        ),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        area=f"{_steps(mean, x, y)} {RIGHT} {BOTTOM} {LEFT} {BOTTOM}Z",
        peaks=_steps(peak, x, y) if is_folded else "",
        levels=tuple(
            Level(
                y=y.at(count * per_replica),
                label=f"{count} replica{'s' if count > 1 else ''}",
                is_best=count == best,
            )
            for count in levels
        ),
        x_ticks=_x_ticks(len(mean), x),
        y_ticks=tuple(Tick(at=y.at(value), label=short(value)) for value in top),
        says="Mean of the weeks; the line is the busiest of each hour." if is_folded else "",
    )


Floats = NDArray[np.float64]


def _folded(hours: Floats) -> tuple[Floats, Floats, bool]:
    """Return mean and peak of each hour of the week, and whether weeks were laid on one another."""
    if len(hours) <= WEEK:
        return hours, hours, False
    weeks = len(hours) // WEEK
    folded = hours[: weeks * WEEK].reshape(weeks, WEEK)
    return folded.mean(axis=0), folded.max(axis=0), weeks > 1


def _counts(highest: float, per_replica: float, best: int) -> list[int]:
    """Return the numbers of replicas to draw: all up to the peak, or the best and a few others."""
    most = max(best, min(64, int(highest // per_replica) + 1))
    if most <= MOST_LINES:
        return list(range(1, most + 1))
    every = -(-most // MOST_LINES)
    return sorted({best, *range(every, most + 1, every)} - {0})


def _steps(values: Floats, x: Axis, y: Axis) -> str:
    points = [
        (x.at(place + side), y.at(float(value)))
        for place, value in enumerate(values)
        for side in (0, 1)
    ]
    return path(points)


def _x_ticks(count: int, x: Axis) -> tuple[Tick, ...]:
    if count == WEEK:
        return tuple(Tick(at=x.at(24 * day + 12), label=name) for day, name in enumerate(DAYS))
    step = max(1, count // 8)
    return tuple(Tick(at=x.at(hour), label=f"{hour} h") for hour in range(0, count + 1, step))
