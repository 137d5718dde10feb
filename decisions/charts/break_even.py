"""Which option is cheapest at which volume, and where is today?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from decisions.charts.scales import Axis, Point, Tick, apart, cut, log_ticks, path
from decisions.figures import Evaluation
from decisions.formulas import breakeven
from decisions.standing import best_of
from decisions.templatetags.figures import money, short, tokens

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 66, 570, 34, 352
POINTS_PER_DECADE = 60
# The window: this many decades around today, widened to crossings that are not much further away.
AROUND, WIDENED = 1.3, 2.3
MOST_DECADES_OF_MONEY = 5
MARKER = 9.0
# Of a bold letter of 12 px.
BOLD = 7.6
COLOURS = ("#1f5f8b", "#b4540a", "#2f7a4f", "#8a3a8f", "#6b6f12", "#a02650", "#3d4b5c")


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Monthly totals of each option over the same volumes, in tokens a month."""

    volumes: list[float]
    totals: dict[str, list[float]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One option over the volume; its label stands in the right margin, where no line runs."""

    name: str
    label: str
    marks: str
    css: str
    colour: str
    weight: float
    path: str
    today: Point | None
    end_y: float
    label_y: float


@dataclass(frozen=True, kw_only=True)
class Marker:
    """One or more crossings at a place too small to tell them apart."""

    x: float
    y: float
    label: str
    half_width: float

    @property
    def width(self) -> float:
        """The whole width."""
        return 2 * self.half_width


@dataclass(frozen=True, kw_only=True)
class CrossingRow:
    """A crossing in words."""

    number: int
    volume: str
    cost: str
    says: str
    is_shown: bool
    within_capacity: bool | None


@dataclass(frozen=True, kw_only=True)
class BreakEvenChart:
    """Monthly cost over volume on logarithmic axes, every crossing and today's volume."""

    title: str
    description: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    currency: str
    lines: tuple[Line, ...]
    markers: tuple[Marker, ...]
    crossings: tuple[CrossingRow, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    today_x: float
    today_says: str
    volumes: tuple[str, ...]
    table: tuple[tuple[str, tuple[str, ...]], ...]


def curves(evaluation: Evaluation) -> Curves:
    """Return what each option costs a month at every volume from 1 M to 10 T tokens."""
    today = float(evaluation.question.workload.tokens_per_month)
    count = int(math.log10(breakeven.MOST_TOKENS / breakeven.LEAST_TOKENS) * POINTS_PER_DECADE)
    volumes = np.geomspace(breakeven.LEAST_TOKENS, breakeven.MOST_TOKENS, count + 1)
    scales = volumes / today
    totals = {}
    for figures in evaluation.figures:
        bill = breakeven.curve(figures.lines)
        total = float(bill.fixed) + float(bill.slope) * scales
        for stairs, share, price in bill.steps:
            total = total + float(price) * stairs.replicas(scales * float(share))
        totals[figures.name] = total.tolist()
    return Curves(volumes=volumes.tolist(), totals=totals)


def break_even(
    result: Mapping[str, Any], over: Curves, *, chosen: str | None = None
) -> BreakEvenChart:
    """Return the chart from an evaluation's JSON form and its curves."""
    today = result["workload"]["tokens_per_month"]
    crossings = result["break_evens"]
    x = _x_axis(today, crossings)
    y = _y_axis(result, over, x)
    markers, shown = _markers(crossings, x, y)
    rows = tuple(_rows(crossings, result["currency"], shown))
    at = [v for v in log_ticks(x.low, x.high) if math.log10(v) % 1 < 1e-9]
    return BreakEvenChart(
        title="Monthly cost over volume",
        description=_description(result, rows, today),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        currency=result["currency"],
        lines=_lines(result, over, x, y, today=today, chosen=chosen),
        markers=markers,
        crossings=rows,
        x_ticks=tuple(Tick(at=x.at(v), label=short(v)) for v in log_ticks(x.low, x.high)),
        y_ticks=tuple(Tick(at=y.at(v), label=short(v)) for v in log_ticks(y.low, y.high)),
        today_x=x.at(today),
        today_says=f"today: {tokens(today)}",
        volumes=tuple(short(v) for v in at),
        table=_table(over, at, result["currency"]),
    )


def _x_axis(today: float, crossings: Sequence[Mapping[str, Any]]) -> Axis:
    near = [
        each["tokens_per_month"]
        for each in crossings
        if abs(math.log10(each["tokens_per_month"] / today)) <= WIDENED
    ]
    low = min([today * 10**-AROUND, *(each / 1.6 for each in near)])
    high = max([today * 10**AROUND, *(each * 1.6 for each in near)])
    # Today is on the chart even when it lies outside the range in which crossings are looked for.
    return Axis(
        low=max(low, min(breakeven.LEAST_TOKENS, today / 2)),
        high=min(high, max(breakeven.MOST_TOKENS, today * 2)),
        start=LEFT,
        end=RIGHT,
        is_log=True,
    )


def _y_axis(result: Mapping[str, Any], over: Curves, x: Axis) -> Axis:
    inside = [place for place, volume in enumerate(over.volumes) if x.holds(volume)]
    now = [o["per_month"]["total"] for o in result["options"]]
    seen = now + [totals[place] for totals in over.totals.values() for place in inside]
    positive = [amount for amount in seen if amount > 0] or [1.0]
    high = max(positive) * 1.25
    low = max(min(positive) / 1.25, high / 10**MOST_DECADES_OF_MONEY)
    return Axis(low=low, high=high, start=BOTTOM, end=TOP, is_log=True)


def _lines(
    result: Mapping[str, Any],
    over: Curves,
    x: Axis,
    y: Axis,
    *,
    today: float,
    chosen: str | None,
) -> tuple[Line, ...]:
    best = best_of(dict(result))
    names = [option["name"] for option in result["options"]]
    points = {name: list(_points(over.volumes, over.totals[name], x, y)) for name in names}
    ends = [points[name][-1][1] if points[name] else BOTTOM for name in names]
    labels = apart(ends, gap=30, low=TOP + 4, high=BOTTOM - 12)
    found = []
    for place, option in enumerate(result["options"]):
        name, total = option["name"], option["per_month"]["total"]
        marks = [word for word, it in (("best", best), ("chosen", chosen)) if name == it]
        number = place % len(COLOURS)
        found.append(
            Line(
                name=name,
                label=cut(name, width=WIDTH - RIGHT - 22, letter=BOLD),
                marks=" · ".join([money(total, result["currency"]), *marks]),
                css=f"s{number + 1}",
                colour=COLOURS[number],
                weight=3 if name == chosen else 2,
                path=path(points[name]),
                today=(x.at(today), y.at(total)) if y.holds(total) else None,
                end_y=ends[place],
                label_y=labels[place],
            )
        )
    return tuple(found)


def _points(volumes: Sequence[float], totals: Sequence[float], x: Axis, y: Axis) -> Iterator[Point]:
    """Yield the places inside the plot; a stretch below it is left out."""
    inside = [place for place, volume in enumerate(volumes) if x.holds(volume)]
    for place in inside:
        if totals[place] >= y.low:
            yield x.at(volumes[place]), y.at(min(totals[place], y.high))


def _markers(
    crossings: Sequence[Mapping[str, Any]], x: Axis, y: Axis
) -> tuple[tuple[Marker, ...], set[int]]:
    """Return the crossings inside the plot, neighbours under one marker, and their numbers."""
    places: list[tuple[float, float, list[int]]] = []
    shown: set[int] = set()
    for number, each in enumerate(crossings, start=1):
        cost = each["monthly_cost"][0]
        if not (x.holds(each["tokens_per_month"]) and y.holds(cost)):
            continue
        here = x.at(each["tokens_per_month"]), y.at(cost)
        shown.add(number)
        near = next((p for p in places if math.dist(p[:2], here) < 2.6 * MARKER), None)
        if near:
            near[2].append(number)
        else:
            places.append((*here, [number]))
    return tuple(_marker(*place) for place in places), shown


def _marker(x: float, y: float, numbers: list[int]) -> Marker:
    label = str(numbers[0])
    if len(numbers) > 1:
        in_a_row = numbers[-1] - numbers[0] == len(numbers) - 1
        label = f"{numbers[0]}–{numbers[-1]}" if in_a_row and len(numbers) > 2 else f"{label} …"
        if len(numbers) == 2:
            label = f"{numbers[0]}, {numbers[1]}"
    return Marker(x=x, y=y, label=label, half_width=max(MARKER, 3.4 * len(label) + 4))


def _rows(
    crossings: Sequence[Mapping[str, Any]], currency: str, shown: set[int]
) -> Iterator[CrossingRow]:
    for number, each in enumerate(crossings, start=1):
        first, second = each["between"]
        above = each["cheaper_above"]
        below = second if above == first else first
        yield CrossingRow(
            number=number,
            volume=tokens(each["tokens_per_month"]),
            cost=money(each["monthly_cost"][0], currency),
            says=f"below it {below} is cheaper, above it {above}",
            is_shown=number in shown,
            within_capacity=each["within_capacity"],
        )


def _table(
    over: Curves, at: Sequence[float], currency: str
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    places = [min(range(len(over.volumes)), key=lambda p: abs(over.volumes[p] - v)) for v in at]
    return tuple(
        (name, tuple(money(totals[place], currency) for place in places))
        for name, totals in over.totals.items()
    )


def _description(result: Mapping[str, Any], rows: Sequence[CrossingRow], today: float) -> str:
    best = best_of(dict(result))
    says = f"At today's {tokens(today)} a month {best} is best." if best else ""
    if not rows:
        return f"{says} No two options change places between 1 M and 10 T tokens a month.".strip()
    some = "; ".join(f"at {row.volume} a month: {row.says}" for row in rows[:6])
    more = f"; and {len(rows) - 6} more" if len(rows) > 6 else ""
    return f"{says} Crossings: {some}{more}.".strip()
