"""Which words and rows does the page of a decision show of its evaluation?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from decisions import charts, standing
from decisions.models import Decision
from decisions.questions import PriceUsed
from decisions.rendering.labels import FIELDS, KINDS, SEVERITIES, SUMS, UNITS
from decisions.verdict import UNMET, verdict

# The page on which a mistake is mended, by the evaluation's word for it.
MENDED_AT = {
    "workload": ("decision-workload", "", "Workload"),
    "options": ("decision-options", "", "Options"),
    "quality": ("decision-quality", "", "Quality"),
    "review": ("decision-detail", "#review-head", "Checklist and review"),
    "reliability": ("decision-reliability", "", "Reliability"),
}


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A mistake that was found, and where it is mended."""

    severity: str
    severity_says: str
    says: str
    page: str
    place: str
    page_says: str


@dataclass(frozen=True, kw_only=True)
class Sums:
    """The arithmetic behind one option's figures, or behind what compares options."""

    of: str
    rows: tuple[tuple[str, str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Price:
    """A price that the evaluation used, in words."""

    used: PriceUsed
    what: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Everything of an evaluation that the page shows."""

    answered: standing.Answered
    result: Mapping[str, Any]
    best: dict[str, Any] | None
    chosen: dict[str, Any] | None
    difference: Decimal | None
    options: tuple[dict[str, Any], ...]
    served: tuple[dict[str, Any], ...]
    costs: charts.CostChart
    volume: charts.BreakEvenChart
    mistakes: tuple[Mistake, ...]
    paybacks: tuple[dict[str, Any], ...]
    other_paybacks: tuple[dict[str, Any], ...]
    sums: tuple[Sums, ...]
    prices: tuple[Price, ...]
    assumed: tuple[str, ...]
    verdict: str


def shown(decision: Decision, answered: standing.Answered) -> Shown | None:
    """Return what the page shows; None when there is no evaluation."""
    result, calculated = answered.result, answered.calculated
    if result is None or calculated is None:
        return None
    name = decision.chosen.name if decision.chosen else None
    best, chosen = answered.best, answered.option(name)
    worth, rest = _paybacks(result, subject=name or (best or {}).get("name"))
    options = tuple(_options(result, best=best, chosen=name))
    return Shown(
        answered=answered,
        result=result,
        best=best,
        chosen=chosen,
        difference=standing.difference(chosen, best),
        options=options,
        served=tuple(option for option in options if option["gpus"] != 0),
        costs=charts.cost_comparison(result, chosen=name),
        volume=charts.break_even(result, charts.curves(calculated), chosen=name),
        mistakes=tuple(_mistakes(result["mistakes"])),
        paybacks=worth,
        other_paybacks=rest,
        sums=tuple(_sums(result)),
        prices=tuple(_prices(answered.asked.prices)),
        assumed=tuple(_assumed(result)),
        verdict=verdict(dict(result), horizon_months=decision.horizon_months),
    )


def _options(
    result: Mapping[str, Any], *, best: dict[str, Any] | None, chosen: str | None
) -> Iterator[dict[str, Any]]:
    """Yield the options in the order of the ranking, the best one first."""
    by_name = {option["name"]: option for option in result["options"]}
    names = sorted(result["ranking"], key=lambda name: best is None or name != best["name"])
    for name in names:
        option = by_name[name]
        yield {
            **option,
            "kind_says": KINDS[option["kind"]],
            "is_best": best is not None and name == best["name"],
            "is_chosen": name == chosen,
            "unmet_says": [UNMET.get(each, each) for each in option["unmet"]],
        }


def _mistakes(found: Sequence[Mapping[str, Any]]) -> Iterator[Mistake]:
    for each in found:
        page, place, page_says = MENDED_AT.get(each["where"], MENDED_AT["options"])
        yield Mistake(
            severity=each["severity"],
            severity_says=SEVERITIES[each["severity"]],
            says=each["says"],
            page=page,
            place=place,
            page_says=page_says,
        )


def _paybacks(
    result: Mapping[str, Any], *, subject: str | None
) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Return the moves from or to the option in question, and all others."""
    known = [_payback(each) for each in result["paybacks"]]
    worth = tuple(each for each in known if subject in (each["old"], each["new"]))
    return worth, tuple(each for each in known if subject not in (each["old"], each["new"]))


def _payback(each: Mapping[str, Any]) -> dict[str, Any]:
    # "from" is no name that a template can use twice without confusion.
    return {**each, "old": each["from"], "new": each["to"]}


def _sums(result: Mapping[str, Any]) -> Iterator[Sums]:
    """Yield the arithmetic by option, and what compares options last."""
    names = sorted((o["name"] for o in result["options"]), key=len, reverse=True)
    rows: dict[str, list[tuple[str, str, Any]]] = defaultdict(list)
    for each in result["arithmetic"]:
        of = next((name for name in names if each["for"].startswith(f"{name}.")), "")
        label = SUMS.get(each["for"].removeprefix(of), each["for"])
        rows[of].append((label, each["is"], each["gives"]))
    for name in [*result["ranking"], ""]:
        if name in rows:
            yield Sums(of=name, rows=tuple(rows[name]))


def _prices(used: Sequence[PriceUsed]) -> Iterator[Price]:
    for each in used:
        yield Price(
            used=each,
            what=FIELDS.get(each.field, each.field),
            unit=UNITS.get(each.field, "").removeprefix("money").strip(),
        )


def _assumed(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield each assumption with the option's name in place of its number, and in plain words."""
    for each in result["assumed"]:
        path, separator, value = each.partition(" = ")
        for place, option in enumerate(result["options"]):
            path = path.replace(f"options[{place}].", f"{option['name']}: ")
        where, colon, field = path.rpartition(": " if ": " in path else ".")
        yield f"{where}{': ' if colon else ''}{FIELDS.get(field, field)}{separator}{value}"
