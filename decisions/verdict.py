"""Which option is best, and why? One or two sentences that stand before every table."""

from typing import Any

from decisions.standing import best_of
from decisions.templatetags.figures import money, months

UNMET = {
    "privacy": "keep the data on your infrastructure",
    "custom_model": "run your own model",
    "api_only": "do without machines of your own",
    "frontier_quality": "reach frontier quality",
    "least_quality": "show the quality that you ask for",
    "ttft_ms": "send the first token in time",
    "tpot_ms": "send each token in time",
    "capacity": "carry the load",
    "availability": "be there as much as you ask for",
}


def verdict(result: dict[str, Any], *, horizon_months: int) -> str:
    """Return the best option and the reason in words; why there is none when none does the job."""
    options = {option["name"]: option for option in result["options"]}
    best = options.get(best_of(result) or "")
    if best is None:
        return f"No option does what is asked: {_failings(result['options'])}."
    says = [f"{best['name']} is best: {_reason(best, result, horizon_months)}."]
    cheaper = [o for o in options.values() if o["unmet"] and _total(o) < _total(best)]
    if cheaper:
        says.append(f"Cheaper, but left out: {_failings(cheaper)}.")
    return " ".join(says)


def remarks(option: dict[str, Any]) -> list[str]:
    """Return what speaks against an option, each in a sentence of its own."""
    says = [f"Does not {UNMET.get(unmet, unmet)}." for unmet in option["unmet"]]
    says += [f"{each}." for each in option.get("unfit_because", [])]
    if option["dominated_by"]:
        first, *rest = option["dominated_by"]
        others = f"{first} and {len(rest)} more cost no more and do" if rest else None
        says.append(f"{others or first + ' costs no more and does'} as much.")
    return says


def _reason(best: dict[str, Any], result: dict[str, Any], horizon_months: int) -> str:
    currency = result["currency"]
    others = [o for o in result["options"] if not o["unmet"] and o is not best]
    cost = f"{money(best['per_month']['total'], currency)} a month"
    if not others:
        return f"it costs {cost}, and no other option does what is asked"
    cheapest = min(others, key=_total)
    gap = _total(cheapest) - _total(best)
    if gap >= 0:
        return f"it costs {cost}, {money(gap, currency)} less than {cheapest['name']}"
    over = money(cheapest["npv_cost"] - best["npv_cost"], currency)
    return (
        f"it costs {cost}, {money(-gap, currency)} more than {cheapest['name']}, but {over} less "
        f"over {months(horizon_months)}, with what is paid once and how the workload grows"
    )


def _failings(options: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{option['name']} does not {' or '.join(UNMET.get(u, u) for u in option['unmet'])}"
        for option in options
    )


def _total(option: dict[str, Any]) -> float:
    return float(option["per_month"]["total"])
