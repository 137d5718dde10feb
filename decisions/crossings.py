"""Is another option better than the chosen one, beyond doubt and beyond what changing costs?

The alert rule: better by more than the margin, by more than the change costs within the horizon, seen
on two pulls in a row or for 48 hours, on prices that are not out of date, and not by a spot price
alone. Once it is flagged it counts until the other option is no longer better at all, so that a bill
that moves around the margin opens no flag after flag.
"""

import copy
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from decisions import changes, evaluation, standing
from decisions.formulas import screening
from decisions.models import Decision, Standing
from decisions.questions import PriceUsed

PULLS = 2
LASTING = timedelta(hours=48)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The chosen option against the best, at one moment.

    `first_pull` and `last_pull` are when the sources of their prices last answered, the earliest
    and the latest; None when neither stands on a pulled price.
    """

    is_better: bool = False
    is_crossed: bool = False
    can_be_trusted: bool = True
    first_pull: datetime | None = None
    last_pull: datetime | None = None


def compare(decision: Decision, answered: standing.Answered) -> Compared:
    """Return how the best option stands against the chosen one."""
    chosen = answered.option(decision.chosen.name if decision.chosen else None)
    best = answered.best
    if chosen is None or best is None or best["name"] == chosen["name"]:
        return Compared()
    raw = answered.asked.raw["options"]
    ours, theirs = names_in(raw, chosen["name"]), names_in(raw, best["name"])
    prices = [p for p in answered.asked.prices if p.option in ours | theirs]
    pulls = [p.checked_at for p in prices if p.checked_at is not None]
    trusted = not any(p.is_stale or p.is_withdrawn for p in prices) and not _on_spot(
        raw, theirs, prices
    )
    crossed = trusted and _crosses(decision, chosen, best)
    if crossed and any(p.is_spot for p in prices if p.option in ours):
        crossed = _crosses_at_signed_spot(decision, answered)
    return Compared(
        is_better=(standing.difference(chosen, best) or Decimal(0)) > 0,
        is_crossed=crossed,
        can_be_trusted=trusted,
        first_pull=min(pulls, default=None),
        last_pull=max(pulls, default=None),
    )


def names_in(options: list[dict[str, Any]], name: str) -> set[str]:
    """Return an option's name and those of the options that it is mixed from."""
    parts = (p["option"] for o in options if o["name"] == name for p in o.get("parts", []))
    return {name, *(part for part in parts if isinstance(part, str))}


def _on_spot(options: list[dict[str, Any]], names: set[str], prices: list[PriceUsed]) -> bool:
    """Say whether the better option is so on spot terms, stated or read from the price book."""
    stated = any(o["name"] in names and o.get("spot") for o in options)
    return stated or any(p.is_spot for p in prices if p.option in names)


def _crosses(decision: Decision, chosen: dict[str, Any], best: dict[str, Any]) -> bool:
    ours, theirs = standing.total_per_month(chosen), standing.total_per_month(best)
    if ours is None or theirs is None:
        return False
    return screening.crosses(
        ours=ours,
        theirs=theirs,
        one_off=Decimal(str(best["one_off"] or 0)) + Decimal(str(chosen.get("leaving_cost") or 0)),
        months=decision.horizon_months,
    )


def _crosses_at_signed_spot(decision: Decision, answered: standing.Answered) -> bool:
    """Say whether it would have crossed had the chosen option's spot prices stayed as signed.

    False when nothing was signed: then nothing tells what the spot price alone has done.
    """
    record = changes.last_signed(decision)
    if record is None:
        return False
    signed = {(p["option"], p["field"]): p for p in json.loads(record.record_json)["prices"]}
    raw = standing.without(
        copy.deepcopy(answered.asked.raw), {each.name for each in answered.left_out}
    )
    fields = {option["name"]: option for option in raw["options"]}
    for price in answered.asked.prices:
        if price.is_spot and price.option in fields:
            was = signed.get((price.option, price.field))
            if was is None:
                return False
            fields[price.option][price.field] = float(was["amount_in_decision_currency"])
    result = evaluation.as_json(evaluation.evaluate(evaluation.read(raw), draws=0))
    by_name = {option["name"]: option for option in result["options"]}
    chosen, best = by_name.get(raw.get("chosen")), by_name.get(standing.best_of(result))
    return chosen is not None and best is not None and _crosses(decision, chosen, best)


def note(decision: Decision, found: Compared, *, is_flagged: bool, at: datetime) -> None:
    """Count the check in the decision's standing, or begin anew where it has not crossed.

    A check counts as a pull only when every pulled price behind it was pulled again since the last
    one that counted. Figures that a team typed in are pulled by nobody: for those the 48 hours hold.
    """
    row = Standing.objects.filter(decision=decision)
    if not found.is_crossed:
        lasts = is_flagged and (found.is_better or not found.can_be_trusted)
        if not lasts:
            row.update(best_since=None, best_checks=0, pulled_at=None)
        return
    row.filter(best_since=None).update(best_since=at)
    if found.first_pull is not None:
        again = Q(pulled_at=None) | Q(pulled_at__lt=found.first_pull)
        row.filter(again).update(best_checks=F("best_checks") + 1, pulled_at=found.last_pull)


def says(decision: Decision, now: Standing, *, at: datetime) -> str:
    """Return what the flag says, or "" when the decision has not crossed for long enough."""
    if now.best_since is None or now.regret_per_month is None:
        return ""
    if now.best_checks < PULLS and at - now.best_since < LASTING:
        return ""
    return (
        f"{now.best_name} costs {decision.currency} {now.regret_per_month:,.0f} a month less than "
        f"the chosen {decision.chosen} since {now.best_since:%d %B %Y}."
    )
