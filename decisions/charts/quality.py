"""How did the scores of the options move, and who fell below the bar?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from decisions.charts.scales import Axis, Point, Tick, apart, cut, path

WIDTH, HEIGHT = 760, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 560, 20, 236
COLOURS = ("#1f5f8b", "#b4540a", "#2f7a4f", "#8a3a8f", "#6b6f12", "#a02650", "#3d4b5c")


@dataclass(frozen=True, kw_only=True)
class Track:
    """One option's scores over time."""

    css: str
    colour: str
    name: str
    path: str
    dots: tuple[Point, ...]
    label_y: float


@dataclass(frozen=True, kw_only=True)
class QualityChart:
    """Scores in per cent over days; the dashed line is the bar."""

    title: str
    description: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    tracks: tuple[Track, ...]
    bar_y: float | None
    bar_says: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def quality_chart(
    scores: Mapping[str, Sequence[tuple[date, float]]], *, bar: float | None, today: date
) -> QualityChart | None:
    """Return the chart, None before the first score. Oldest score first; it begins where they do."""
    points = [point for track in scores.values() for point in track]
    if not points:
        return None
    first = min(day for day, _ in points)
    x = Axis(
        low=first.toordinal(),
        high=max(today.toordinal(), first.toordinal() + 30),
        start=LEFT,
        end=RIGHT,
    )
    lowest = min([score for _, score in points] + ([bar] if bar is not None else []))
    low = max(0.0, int(lowest * 10 - 1) / 10)
    y = Axis(low=low, high=1.0, start=BOTTOM, end=TOP)
    ends = [y.at(track[-1][1]) for track in scores.values()]
    labels = apart(ends, gap=15, low=TOP, high=BOTTOM)
    tracks = tuple(
        _track(place, name, track, label, x, y)
        for place, ((name, track), label) in enumerate(zip(scores.items(), labels, strict=True))
    )
    return QualityChart(
        title="Scores over time",
        description="; ".join(f"{name}: {_says(track)}" for name, track in scores.items()) + ".",
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        tracks=tracks,
        bar_y=None if bar is None else y.at(bar),
        bar_says="" if bar is None else f"bar {bar:.0%}",
        x_ticks=_days(x),
        y_ticks=tuple(
            Tick(at=y.at(v / 10), label=f"{v * 10}%") for v in range(round(low * 10), 11)
        ),
    )


def _track(
    place: int, name: str, track: Sequence[tuple[date, float]], label: float, x: Axis, y: Axis
) -> Track:
    points = [(x.at(day.toordinal()), y.at(score)) for day, score in track]
    number = place % len(COLOURS)
    return Track(
        css=f"s{number + 1}",
        colour=COLOURS[number],
        name=cut(name, width=WIDTH - RIGHT - 20),
        path=path([*points, (RIGHT, points[-1][1]), (RIGHT + 8, label)]),
        dots=tuple(points),
        label_y=label,
    )


def _says(track: Sequence[tuple[date, float]]) -> str:
    first, last = track[0], track[-1]
    if len(track) == 1:
        return f"{last[1]:.1%} on {last[0]}"
    return f"{first[1]:.1%} on {first[0]}, {last[1]:.1%} on {last[0]}"


def _days(x: Axis) -> tuple[Tick, ...]:
    step = (x.high - x.low) / 4
    days = [date.fromordinal(round(x.low + step * place)) for place in range(5)]
    return tuple(Tick(at=x.at(day.toordinal()), label=f"{day.day} {day:%b %Y}") for day in days)
