"""How does each figure that a person sees come about?

One line a figure: which one it is, the sum in words with its units, and what it gives.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from decisions.evaluation.costs import leaving_says, one_off_says
from decisions.figures import BreakEven, Evaluation, OptionFigures, Payback
from decisions.formulas.lines import Line, Part
from decisions.words import cents, money, quantity


def arithmetic(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return one line for every figure of an evaluation."""
    lines: list[dict[str, Any]] = []
    for each in evaluation.figures:
        lines += _option(each, evaluation)
    lines += [_break_even(each) for each in evaluation.break_evens]
    lines += [_payback(each, evaluation) for each in evaluation.paybacks if each.months is not None]
    return lines


def line_says(line: Line) -> str:
    """Write one line of a bill: units × price.

    >>> from decisions.formulas.lines import Nature
    >>> line_says(Line(part=Part.GPUS, nature=Nature.RENT, unit="GPUs", price=Decimal(1825),
    ...                price_says="2.50 EUR/GPU-hour × 730 h", fixed=Decimal(2)))
    '2 GPUs × 2.50 EUR/GPU-hour × 730 h'
    """
    units = line.units([Decimal(1)])[0]
    if not line.unit:
        return line.price_says if units == 1 else f"{quantity(units)} × {line.price_says}"
    return f"{quantity(units)} {line.unit} × {line.price_says}"


def _row(of: str, says: str, gives: Decimal) -> dict[str, Any]:
    return {"for": of, "is": says, "gives": float(cents(gives))}


def _option(figures: OptionFigures, evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    name, bill, question = figures.name, figures.per_month, evaluation.question
    amounts = {part: getattr(bill, part.value) for part in Part}
    for part, amount in amounts.items():
        words = [line_says(line) for line in figures.lines if line.part == part]
        if words:
            yield _row(f"{name}.per_month.{part}", " + ".join(words), amount)
    total = " + ".join(f"{part} {money(amount)}" for part, amount in amounts.items() if amount)
    yield _row(f"{name}.per_month.total", total or "nothing", bill.total)
    yield _row(f"{name}.one_off", one_off_says(figures.option, question), figures.one_off)
    if figures.leaving:
        yield _row(f"{name}.leaving_cost", leaving_says(figures.option, question), figures.leaving)
    year = f"12 × {money(bill.total)}"
    yield _row(f"{name}.run_rate_year", year, figures.run_rate_year)
    yield _row(f"{name}.year_1", f"{money(figures.one_off)} + {year}", figures.year_1)
    yield _row(f"{name}.npv_cost", _npv(figures, evaluation), figures.npv_cost)
    if figures.per_mtok is not None:
        volume = quantity(question.workload.tokens_per_month / 1_000_000)
        says = f"{money(bill.total)} ÷ {volume} M tokens"
        yield {"for": f"{name}.per_mtok", "is": says, "gives": round(float(figures.per_mtok), 6)}
    least = evaluation.cheapest
    regret = f"{money(bill.total)} − {money(least.total)} ({least.name})"
    yield _row(f"{name}.regret_per_month", regret, figures.regret_per_month)


def _npv(figures: OptionFigures, evaluation: Evaluation) -> str:
    question = evaluation.question
    rate = quantity(1 + question.discount_rate_per_year)
    monthly = money(figures.total)
    growth = question.workload.growth_per_month
    if growth or any(line.drift_per_month for line in figures.lines):
        monthly = f"cost of month m (volume {quantity(growth * 100)} % a month, prices as stated)"
    months = question.horizon_months
    text = f"sum of {monthly} ÷ {rate}^(m/12) for m = 1…{months}"
    return f"{money(figures.one_off)} + {text}" if figures.one_off else text


def _break_even(point: BreakEven) -> dict[str, Any]:
    first, second = point.between
    bills = (
        f"{name} costs {money(bill)}" for name, bill in zip(point.between, point.bills, strict=True)
    )
    how = ", where a further replica is rented" if point.at_step else ""
    return {
        "for": f"break_evens.{first}.{second}",
        "is": f"tokens a month at which {' and '.join(bills)}{how}",
        "gives": point.tokens_per_month,
    }


def _payback(payback: Payback, evaluation: Evaluation) -> dict[str, Any]:
    old, new = evaluation.by_name[payback.old], evaluation.by_name[payback.new]
    once = money(new.one_off)
    if old.leaving:
        once = f"({once} + {money(old.leaving)} still owed for {old.name})"
    return {
        "for": f"paybacks.{payback.old}.{payback.new}",
        "is": f"{once} ÷ ({money(old.total)} − {money(new.total)}) months",
        "gives": float(payback.months or 0),
    }
