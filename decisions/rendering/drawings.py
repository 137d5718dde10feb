"""Which charts does a record show? The same as the product's pages, drawn from the frozen figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from decisions import charts, evaluation

MOST_OPTIONS = 8
"""More bars than this fill a page, and more lines cannot be told apart."""


@dataclass(frozen=True, kw_only=True)
class Drawings:
    """The charts; `over_volume` is None when the frozen question cannot be evaluated again."""

    costs: charts.CostChart
    over_volume: charts.BreakEvenChart | None
    left_out: int


def draw(question: Mapping[str, Any], result: Mapping[str, Any]) -> Drawings:
    """Return the charts of a record."""
    chosen = question.get("chosen")
    fewer = _most_telling(result, chosen)
    curves = _curves(question)
    return Drawings(
        costs=charts.cost_comparison(fewer, chosen=chosen),
        over_volume=None if curves is None else charts.break_even(fewer, curves, chosen=chosen),
        left_out=len(result["options"]) - len(fewer["options"]),
    )


def _most_telling(result: Mapping[str, Any], chosen: str | None) -> dict[str, Any]:
    """Return the result with the chosen option and the best ones only."""
    ranking = sorted(result["ranking"], key=lambda name: name != chosen)
    names = set(ranking[:MOST_OPTIONS])
    return {
        **result,
        "options": [each for each in result["options"] if each["name"] in names],
        "ranking": [name for name in result["ranking"] if name in names],
        "break_evens": [
            each for each in result["break_evens"] if names.issuperset(each["between"])
        ],
    }


def in_chart_order(result: Mapping[str, Any], chosen: str | None) -> list[dict[str, Any]]:
    """Return all break-evens, numbered as the chart numbers its own; the others have no number."""
    drawn = _most_telling(result, chosen)["break_evens"]
    numbered = [{**each, "number": number} for number, each in enumerate(drawn, start=1)]
    return numbered + [
        {**each, "number": None} for each in result["break_evens"] if each not in drawn
    ]


def _curves(question: Mapping[str, Any]) -> charts.Curves | None:
    try:
        return charts.curves(evaluation.evaluate(evaluation.read(question), draws=0))
    except evaluation.BadInput:
        return None
