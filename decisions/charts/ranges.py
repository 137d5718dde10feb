"""How far may each cost be off, and which unknown moves the answer most?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decisions.charts.scales import Axis, Tick, cut, nice_steps
from decisions.templatetags.figures import money, percent, short

# Narrow, so that the letters can be read on a phone without scrolling.
WIDTH = 480
LEFT, RIGHT = 8, 472
TOP, ROW = 30, 46
BAR_TOP, BAR_ROW = 44, 42
MOST_BARS = 10


@dataclass(frozen=True, kw_only=True)
class Whisker:
    """One option's range: a line from the 10th to the 90th percentile, a dot at the middle."""

    name: str
    label: str
    says: str
    chance: str
    regret: str
    y: int
    low: float
    middle: float
    high: float
    p10: str
    p50: str
    p90: str


@dataclass(frozen=True, kw_only=True)
class RangeChart:
    """The range of every option's mean month over the horizon."""

    title: str
    description: str
    width: int
    height: int
    bottom: int
    currency: str
    whiskers: tuple[Whisker, ...]
    x_ticks: tuple[Tick, ...]


@dataclass(frozen=True, kw_only=True)
class Swing:
    """What one unknown does to the saving, from its low to its high end."""

    what: str
    label: str
    y: int
    start: float
    width: float
    low_x: float
    high_x: float
    low_end: str
    high_end: str
    at_low: str
    at_high: str
    turns: bool
    worth: str


@dataclass(frozen=True, kw_only=True)
class TornadoChart:
    """What the subject saves against the best other option while one thing moves at a time."""

    title: str
    description: str
    width: int
    height: int
    bottom: int
    zero_x: float
    base_x: float
    base_says: str
    swings: tuple[Swing, ...]
    x_ticks: tuple[Tick, ...]


def spread(result: Mapping[str, Any]) -> RangeChart | None:
    """Return the chart of the ranges from an evaluation's JSON form; None without draws."""
    found = result.get("uncertainty") or {}
    totals = found.get("totals") or {}
    if not totals:
        return None
    names = sorted(totals, key=lambda name: -found["p_cheapest"].get(name, 0.0))
    steps = nice_steps(max(each["over_horizon"]["p90"] for each in totals.values()))
    axis = Axis(low=0, high=steps[-1], start=LEFT, end=RIGHT)
    rows = tuple(
        _whisker(name, found, axis, result["currency"], y=TOP + ROW * place)
        for place, name in enumerate(names)
    )
    bottom = TOP + ROW * len(rows) - 10
    return RangeChart(
        title="Range of each option's month",
        description="; ".join(f"{row.name}: {row.says}, {row.chance}" for row in rows),
        width=WIDTH,
        height=bottom + 24,
        bottom=bottom,
        currency=result["currency"],
        whiskers=rows,
        x_ticks=tuple(Tick(at=axis.at(step), label=short(step)) for step in steps),
    )


def _whisker(name: str, found: Mapping[str, Any], axis: Axis, currency: str, *, y: int) -> Whisker:
    total = found["totals"][name]["over_horizon"]
    left_out = name in found.get("left_out", [])
    p10, p50, p90 = (money(total[each]) for each in ("p10", "p50", "p90"))
    return Whisker(
        name=name,
        label=cut(name, width=WIDTH * 0.5),
        says=f"{currency} {p10} to {p90}, middle {p50}",
        chance="does not do what is asked"
        if left_out
        else f"cheapest in {percent(found['p_cheapest'][name])}",
        regret="" if left_out else money(found["expected_regret"][name]),
        y=y,
        low=axis.at(total["p10"]),
        middle=axis.at(total["p50"]),
        high=axis.at(total["p90"]),
        p10=p10,
        p50=p50,
        p90=p90,
    )


def tornado(result: Mapping[str, Any]) -> TornadoChart | None:
    """Return the chart of what moves the answer most; None without draws or without a rival."""
    found = result.get("uncertainty") or {}
    rows = list(found.get("tornado") or [])[:MOST_BARS]
    base = found.get("saves_as_stated")
    if not rows or base is None:
        return None
    currency = result["currency"]
    axis, steps = _axis(rows, base)
    worth = {row["what"]: row["worth_per_month"] for row in found["worth_of_knowing"]}
    ends = {row["what"]: row for row in found["spans"]}
    swings = tuple(
        _swing(row, axis, currency, ends.get(row["what"], {}), worth, y=BAR_TOP + BAR_ROW * place)
        for place, row in enumerate(rows)
    )
    bottom = BAR_TOP + BAR_ROW * len(swings) - 8
    return TornadoChart(
        title=f"What {found['subject']} saves a month against the best other option",
        description=f"With all as stated {money(base, currency)}. "
        + "; ".join(
            f"{s.what}: {s.at_low} at {s.low_end}, {s.at_high} at {s.high_end}" for s in swings
        ),
        width=WIDTH,
        height=bottom + 24,
        bottom=bottom,
        zero_x=axis.at(0),
        base_x=axis.at(base),
        base_says=money(base, currency),
        swings=swings,
        x_ticks=tuple(Tick(at=axis.at(step), label=short(step)) for step in steps),
    )


def _axis(rows: Sequence[Mapping[str, Any]], base: float) -> tuple[Axis, list[float]]:
    """Return an axis on which nothing saved is always in sight."""
    ends = [base, 0.0, *(row[end] for row in rows for end in ("saves_at_low", "saves_at_high"))]
    step = nice_steps(max(max(ends) - min(ends), 1.0))[1]
    first, last = int(min(ends) // step), int(-(-max(ends) // step))
    steps = [place * step for place in range(first, last + 1)]
    return Axis(low=steps[0], high=steps[-1], start=LEFT + 20, end=RIGHT - 20), steps


def _swing(
    row: Mapping[str, Any],
    axis: Axis,
    currency: str,
    span: Mapping[str, Any],
    worth: Mapping[str, float],
    *,
    y: int,
) -> Swing:
    at_low, at_high = row["saves_at_low"], row["saves_at_high"]
    is_throughput = row["what"] == "throughput"
    low, high = (span["least"], span["most"]) if is_throughput else (row["low"], row["high"])
    xs = axis.at(at_low), axis.at(at_high)
    ends = f"× {low:.2f}", f"× {high:.2f}"
    return Swing(
        what=row["what"],
        label=f"{cut(row['what'], width=WIDTH * 0.55)}, {ends[0]} to {ends[1]}",
        y=y,
        start=min(xs),
        width=max(abs(xs[1] - xs[0]), 1),
        low_x=xs[0],
        high_x=xs[1],
        low_end=ends[0],
        high_end=ends[1],
        at_low=money(at_low, currency),
        at_high=money(at_high, currency),
        turns=(at_low < 0) != (at_high < 0),
        worth=money(worth.get(row["what"], 0.0), currency),
    )
