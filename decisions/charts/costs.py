"""What does each option cost a month, and of what is that made?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from decisions.charts.scales import Axis, cut
from decisions.standing import best_of
from decisions.templatetags.figures import money

# Narrow, so that the letters can be read on a phone without scrolling.
WIDTH = 480
LONGEST = 250
# Of the bold letters of 13 px that the totals are set in.
LETTER = 8.2
TOP, ROW = 30, 50
# Class, name, the parts of the evaluation's `per_month` that it sums up, and the colour in print.
PARTS = (
    ("usage", "API bill or GPUs", ("tokens", "gpus"), "#2b6ea3"),
    ("people", "People", ("people",), "#c2701f"),
    ("other", "Other", ("other",), "#7b8694"),
)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One part of a bar."""

    css: str
    name: str
    colour: str
    x: float
    width: float
    amount: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One option's month. `marks` says in words what is special about it."""

    name: str
    label: str
    marks: str
    y: int
    end: float
    once_x: float
    segments: tuple[Segment, ...]
    total: str
    once: str


@dataclass(frozen=True, kw_only=True)
class CostChart:
    """Stacked bars, one per option, the best first."""

    title: str
    description: str
    width: int
    height: int
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str, str, int], ...]


def cost_comparison(result: Mapping[str, Any], *, chosen: str | None = None) -> CostChart:
    """Return the chart of the options' monthly cost, from an evaluation's JSON form."""
    currency, best = result["currency"], best_of(dict(result))
    places = {name: place for place, name in enumerate(result["ranking"])}
    options = sorted(result["options"], key=lambda o: places.get(o["name"], len(places)))
    # The best one leads, also when an option before it in the ranking does not fit.
    options.sort(key=lambda o: o["name"] != best)
    highest = max((o["per_month"]["total"] for o in options), default=0)
    axis = Axis(low=0, high=highest or 1, start=0, end=LONGEST)
    bars = tuple(
        _bar(option, axis, currency, y=TOP + ROW * place, best=best, chosen=chosen)
        for place, option in enumerate(options)
    )
    return CostChart(
        title="Monthly cost of each option",
        description=_description(bars),
        width=WIDTH,
        height=TOP + ROW * len(bars),
        bars=bars,
        legend=_legend(options),
    )


def _bar(
    option: Mapping[str, Any],
    axis: Axis,
    currency: str,
    *,
    y: int,
    best: str | None,
    chosen: str | None,
) -> Bar:
    once, total = option["one_off"], option["per_month"]["total"]
    return Bar(
        name=option["name"],
        label=cut(option["name"], width=WIDTH * 0.45),
        marks=_marks(option, best=best, chosen=chosen),
        y=y,
        end=axis.at(total) + 6,
        once_x=axis.at(total) + 14 + len(money(total, currency)) * LETTER,
        segments=tuple(_segments(option["per_month"], axis, currency)),
        total=money(total, currency),
        once=f"+ {money(once, currency)} once" if once else "",
    )


def _segments(per_month: Mapping[str, float], axis: Axis, currency: str) -> list[Segment]:
    found, so_far = [], 0.0
    for css, name, parts, colour in PARTS:
        amount = sum(per_month[part] for part in parts)
        if amount <= 0:
            continue
        start, end = axis.at(so_far), axis.at(so_far + amount)
        found.append(
            Segment(
                css=css,
                name=name,
                colour=colour,
                x=start,
                width=round(end - start, 1),
                amount=money(amount, currency),
            )
        )
        so_far += amount
    return found


def _marks(option: Mapping[str, Any], *, best: str | None, chosen: str | None) -> str:
    marks = []
    if option["name"] == best:
        marks.append("best")
    if option["name"] == chosen:
        marks.append("chosen")
    if option.get("unmet"):
        marks.append("misses a need")
    return " · ".join(marks)


def _legend(options: list[dict[str, Any]]) -> tuple[tuple[str, str, str, int], ...]:
    shown, x = [], 0
    for css, name, parts, colour in PARTS:
        if any(o["per_month"][part] for o in options for part in parts):
            shown.append((css, name, colour, x))
            x += 40 + 8 * len(name)
    return tuple(shown)


def _description(bars: tuple[Bar, ...]) -> str:
    says = (
        f"{bar.name}: {bar.total} a month{f' {bar.once}' if bar.once else ''}"
        f"{f' ({bar.marks})' if bar.marks else ''}"
        for bar in bars
    )
    return "; ".join(says) + "."
