"""How is an evaluation written as JSON?

Money is rounded here and nowhere else: to cents, and prices per million tokens to six decimals.
"""

from dataclasses import asdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from decisions.evaluation.arithmetic import arithmetic
from decisions.figures import Evaluation, Flip, OptionFigures, Payback, Serving
from decisions.formulas.bills import HOURS_PER_MONTH, markup, price_per_gpu_hour
from decisions.formulas.breakeven import rent_that_ties
from decisions.formulas.spot import availability
from decisions.formulas.throughput import Load
from decisions.question import Question
from decisions.requirements import met, quality_shortfalls
from decisions.words import cents

PRICE = Decimal("0.000001")
SECONDS_PER_MONTH = float(HOURS_PER_MONTH) * 3600


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as the object of docs/evaluate.md: plain numbers, texts and lists."""
    question = evaluation.question
    return {
        "currency": question.currency,
        "workload": _workload(question),
        "options": [_option(each, evaluation) for each in evaluation.figures],
        "ranking": list(evaluation.ranking),
        "break_evens": [
            {
                "between": list(each.between),
                "tokens_per_month": each.tokens_per_month,
                "cheaper_above": each.cheaper_above,
                "within_capacity": each.within_capacity,
                "at_step": each.at_step,
                "monthly_cost": [_money(amount) for amount in each.bills],
            }
            for each in evaluation.break_evens
        ],
        "paybacks": [_payback(each) for each in evaluation.paybacks],
        "flips": [_flip(each) for each in evaluation.flips],
        "markups": _markups(evaluation),
        "uncertainty": asdict(evaluation.uncertainty) if evaluation.uncertainty else None,
        "mistakes": [
            {"id": each.id, "severity": each.severity, "where": each.where, "says": each.says}
            for each in evaluation.mistakes
        ],
        "findings": [asdict(each) for each in evaluation.findings],
        "checklist": {
            name: {"answer": each.answer, "why": each.why}
            for name, each in (evaluation.suggestions or {}).items()
        },
        "checklist_reading": _reading(evaluation),
        "advice": evaluation.advice,
        "assumed": list(evaluation.assumed),
        "arithmetic": arithmetic(evaluation),
    }


def _money(amount: Decimal) -> float:
    return float(cents(amount))


def _price(amount: Decimal | None) -> float | None:
    if amount is None:
        return None
    return float(amount.quantize(PRICE, rounding=ROUND_HALF_UP))


def _workload(question: Question) -> dict[str, float]:
    volume = question.workload.volume
    return {
        "tokens_per_month": float(volume.total),
        "tokens_per_second": float(volume.total) / SECONDS_PER_MONTH,
        "output_tokens_per_second": float(volume.output_tokens) / SECONDS_PER_MONTH,
        "peak_to_mean": question.workload.swing,
    }


def _option(figures: OptionFigures, evaluation: Evaluation) -> dict[str, Any]:
    per_month = figures.per_month
    return {
        "name": figures.name,
        "kind": figures.option.kind.value,
        "per_month": {
            "tokens": _money(per_month.tokens),
            "gpus": _money(per_month.gpus),
            "people": _money(per_month.people),
            "other": _money(per_month.other),
            "total": _money(per_month.total),
        },
        "one_off": _money(figures.one_off),
        "year_1": _money(figures.year_1),
        "run_rate_year": _money(figures.run_rate_year),
        "npv_cost": _money(figures.npv_cost),
        "per_mtok": _price(figures.per_mtok),
        **_capacity(figures),
        **_gpu_prices(figures, evaluation),
        "availability": float(availability(downtime_hours=figures.downtime_hours)),
        "downtime_hours": float(figures.downtime_hours),
        "dominated_by": list(figures.dominated_by),
        "unmet": [name for name, is_met in met(figures, evaluation.question).items() if not is_met],
        "unfit_because": quality_shortfalls(figures.option, evaluation.question),
        "regret_per_month": _money(figures.regret_per_month),
        # Only where there is a commitment: records from before there were any stay as they are.
        **({"leaving_cost": _money(figures.leaving)} if figures.leaving else {}),
    }


def _capacity(figures: OptionFigures) -> dict[str, Any]:
    """Return what is served with how many GPUs; a hybrid's GPUs are added up."""
    serving = figures.serving
    only = serving[0] if len(serving) == 1 else None
    return {
        "gpus": _sum([each.gpus for each in serving]),
        "replicas": _sum([each.replicas for each in serving]),
        "utilisation": only.utilisation if only else _mean_utilisation(serving),
        "fits": figures.fits,
        "binding": only.binding if only else _first_binding(serving),
        "capacity_says": " ".join(each.says for each in serving if each.says) or None,
        "memory": _memory(only),
        "throughput": _throughput(only),
    }


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _mean_utilisation(serving: tuple[Serving, ...]) -> float | None:
    """Return the utilisation over all GPUs; None without GPUs or where one is not known."""
    known = [
        (each.gpus, each.utilisation)
        for each in serving
        if each.gpus is not None and each.utilisation is not None
    ]
    gpus = sum(count for count, _ in known)
    if not gpus or len(known) < len(serving):
        return None
    return sum(count * share for count, share in known) / gpus


def _first_binding(serving: tuple[Serving, ...]) -> str | None:
    """Return what binds the part that does not fit, or else the first part that is bound."""
    ordered = sorted(serving, key=lambda each: each.fits is not False)
    return next((each.binding for each in ordered if each.binding), None)


def _memory(serving: Serving | None) -> dict[str, float] | None:
    if serving is None or serving.replica is None:
        return None
    memory = serving.replica.memory
    return {
        "weights_gb": memory.weights_gb,
        "kv_bytes_per_token": memory.kv_bytes_per_token,
        "kv_pool_gb": memory.kv_pool_gb,
        "max_concurrent_requests": memory.max_concurrent_requests,
    }


def _throughput(serving: Serving | None) -> dict[str, Any] | None:
    if serving is None or serving.replica is None:
        return None
    made = serving.replica.throughput
    return {
        "output_tokens_per_s": {"p10": made.p10, "p50": made.p50, "p90": made.p90},
        "ttft_ms": made.ttft_ms,
        "tpot_ms": made.tpot_ms,
        "tokens_per_month_at_full_load": serving.replica.tokens_per_month_at_full_load,
        "evidence": made.evidence,
        "unchecked": _unchecked(serving.replica.load),
    }


def _unchecked(load: Load) -> str:
    """Return which catalogue figures no stored source shows; empty when all were seen."""
    named = ((each.name, each.unchecked) for each in (load.gpu, load.model))
    return "; ".join(f"{name}: {figures}" for name, figures in named if figures)


def _gpu_prices(figures: OptionFigures, evaluation: Evaluation) -> dict[str, Any]:
    """Return what a GPU-hour costs in effect, and at which price the option would be cheapest."""
    serving = figures.serving
    gpus = _sum([each.gpus for each in serving])
    if not serving or not gpus:
        return {"price_per_gpu_hour": None, "price_per_gpu_hour_to_tie": None}
    hours = max(
        each.option.machines.hours_per_month if each.option.machines else HOURS_PER_MONTH
        for each in serving
    )
    others = [each.total for each in evaluation.figures if each is not figures]
    tie = rent_that_ties(
        other_total=min(others, default=figures.total),
        own_total=figures.total,
        own_gpus=figures.per_month.gpus,
        gpu_hours=gpus * hours,
    )
    hourly = price_per_gpu_hour(
        monthly_cost=figures.per_month.gpus, gpus=Decimal(gpus), hours_per_month=hours
    )
    return {"price_per_gpu_hour": _price(hourly), "price_per_gpu_hour_to_tie": _price(tie)}


def _payback(payback: Payback) -> dict[str, Any]:
    months = payback.months
    return {
        "from": payback.old,
        "to": payback.new,
        "months": None if months is None else float(months),
        "saves_per_month": _money(payback.saves_per_month),
        "saves_year_1": _money(payback.saves_year_1),
        "saves_run_rate_year": _money(payback.saves_later_years),
        "saves_npv": _money(payback.saves_npv),
        "saved_after_6_months": _money(payback.saved_after_6_months),
    }


def _flip(flip: Flip) -> dict[str, Any]:
    return {
        "from": flip.chosen,
        "to": flip.other,
        "month": flip.month,
        "cost_by_next_review": _money(flip.cost_by_review),
        "cost_by_horizon": _money(flip.cost_by_horizon),
    }


def _markups(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return how many times one API's prices are another's: per direction, and at the month's mix."""
    priced = [each for each in evaluation.figures if each.option.prices is not None]
    pairs = [(a, b) for a in priced for b in priced if a.total > b.total]
    return [_markup(dearer, cheaper) for dearer, cheaper in pairs]


def _markup(dearer: OptionFigures, cheaper: OptionFigures) -> dict[str, Any]:
    high, low = dearer.option.prices, cheaper.option.prices
    ratios = {"blended": markup(dearer=dearer.total, cheaper=cheaper.total)}
    if high is not None and low is not None:
        ratios["input"] = markup(dearer=high.input_per_mtok, cheaper=low.input_per_mtok)
        ratios["output"] = markup(dearer=high.output_per_mtok, cheaper=low.output_per_mtok)
    known = {name: None if ratio is None else float(ratio) for name, ratio in ratios.items()}
    return {"of": dearer.name, "over": cheaper.name, **known}


def _reading(evaluation: Evaluation) -> dict[str, Any] | None:
    reading = evaluation.reading
    if reading is None:
        return None
    return {
        "yes": reading.yes,
        "of": reading.of,
        "gates_missing": list(reading.gates_missing),
        "says": reading.says,
    }
