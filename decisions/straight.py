"""How do a decision's bills follow the stored prices that they stand on?

A bill is straight in its prices, so with what is fixed and the units of each price it is known at any
price, without evaluating again. What is not straight has no such form and is always evaluated: a mix
by share of spend or with a part of its own, a bought machine, and a decision that cannot be worked out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from decisions.figures import Evaluation, OptionFigures
from decisions.formulas import npv
from decisions.formulas.lines import Line, Nature, bill, bills_of_months
from decisions.formulas.screening import Case, Offered
from decisions.models import Decision
from decisions.question import Question
from decisions.questions import Asked, PriceUsed
from decisions.requirements import met

ZERO = Decimal(0)
Place = tuple[int, str]
RENT, OUTPUT, INPUT, CACHED = (
    "price_per_gpu_hour",
    "output_per_mtok",
    "input_per_mtok",
    "cached_input_per_mtok",
)


def of(decision: Decision, asked: Asked, found: Evaluation | None) -> dict[str, Any] | None:
    """Return the form as plain JSON, None where there is none.

    It holds for this `version` of the decision, and while the price book knows these `measures`.
    """
    options = asked.raw["options"]
    if found is None or decision.chosen is None or not asked.offer_ids:
        return None
    if len(found.figures) != len(options) or not all(map(_is_straight, options)):
        return None
    used = {(p.option, p.field): p for p in asked.prices}
    if any(p.field == "purchase_per_gpu" for p in asked.prices if p.offer_id):
        return None
    return {
        "version": decision.version,
        "measures": {str(pk): names for pk, names in asked.measures.items()},
        "chosen": decision.chosen.name,
        "options": [_form(each, found, used) for each in found.figures],
    }


def _is_straight(option: Mapping[str, Any]) -> bool:
    parts = option.get("parts", [])
    return all(isinstance(p["option"], str) and "share_of_spend" not in p for p in parts)


def _form(
    figures: OptionFigures, found: Evaluation, used: Mapping[tuple[str, str], PriceUsed]
) -> dict[str, Any]:
    question = found.question
    fixed, worth = ZERO, figures.one_off
    terms: dict[Place, tuple[Decimal, Decimal]] = {}
    for line in figures.lines:
        paid, lasting = bill([line]).total, _worth([line], question)
        price = _price_of(line, used)
        amount = None if price is None else price.amount_in_decision_currency
        if price is None or not price.offer_id or not amount:
            fixed, worth = fixed + paid, worth + lasting
            continue
        place = (price.offer_id, price.measure)
        units, slope = terms.get(place, (ZERO, ZERO))
        terms[place] = (units + paid / amount, slope + lasting / amount)
    return {
        "name": figures.name,
        "able": all(met(figures, question).values()),
        # What changing to it costs once: also what is still owed for the chosen option.
        "one_off": str(figures.one_off + found.subject.leaving),
        "fixed": str(fixed),
        "worth": str(worth),
        "terms": [[*place, str(units), str(slope)] for place, (units, slope) in terms.items()],
    }


def _worth(lines: Sequence[Line], question: Question) -> Decimal:
    monthly = bills_of_months(
        lines,
        months=question.horizon_months,
        growth_per_month=question.workload.growth_per_month,
    )
    rate = question.discount_rate_per_year
    return npv.cost_today(one_off=ZERO, monthly=monthly, rate_per_year=rate)


def _price_of(line: Line, used: Mapping[tuple[str, str], PriceUsed]) -> PriceUsed | None:
    """Return the price that a line is proportional to: without one of its own, cached input is input."""
    if line.nature is Nature.RENT:
        return used.get((line.source, RENT))
    if line.nature is not Nature.API_PRICE:
        return None
    if "output" in line.unit:
        return used.get((line.source, OUTPUT))
    cached = used.get((line.source, CACHED)) if "cached" in line.unit else None
    return cached or used.get((line.source, INPUT))


@dataclass(frozen=True, kw_only=True)
class Form:
    """A stored form, ready to be screened among others whose prices share one list."""

    case: Case
    names: tuple[str, ...]


def read(stored: Mapping[str, Any], places: dict[Place, int], months: int) -> Form:
    """Return the form of a stored one; a price that is not in `places` yet gets the next place."""
    options = []
    for each in stored["options"]:
        terms = [(places.setdefault((t[0], t[1]), len(places)), t[2], t[3]) for t in each["terms"]]
        options.append(
            Offered(
                fixed=Decimal(each["fixed"]),
                units=tuple((place, Decimal(units)) for place, units, _ in terms),
                one_off=Decimal(each["one_off"]),
                worth=(Decimal(each["worth"]), tuple(Decimal(slope) for _, _, slope in terms)),
                able=each["able"],
            )
        )
    names = tuple(each["name"] for each in stored["options"])
    chosen = names.index(stored["chosen"])
    return Form(case=Case(options=tuple(options), chosen=chosen, months=months), names=names)
