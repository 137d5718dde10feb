"""What changed since the last signed record, and what does each change do to the monthly cost?"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from decisions import evaluation
from decisions.models import Decision, Snapshot
from decisions.questions import TYPED_PRICES
from decisions.standing import Answered, best_of, total_per_month

# The parts that a reader takes in one after the other, in this order.
PARTS = {
    "money": "Money",
    "workload": "Workload",
    "people": "Cost of people",
    "prices": "Prices",
    "options": "Options",
    "answers": "Checklist answers",
    "mistakes": "Mistakes",
}
# A figure that moved by less is the same figure, rounded or converted another way.
SMALLEST_SHARE = 0.0005


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is not as it was, in one of `PARTS`.

    `effect` is what it alone does to the chosen option's
    monthly cost, in the decision's currency; None where it does nothing, or nothing known.
    """

    part: str
    what: str
    old: Any
    new: Any
    effect: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        effect = None if self.effect is None else float(self.effect)
        return {"what": self.what, "old": self.old, "new": self.new, "effect_per_month": effect}


def last_signed(decision: Decision) -> Snapshot | None:
    """Return the newest signed snapshot of the decision, or None."""
    return Snapshot.objects.filter(decision_id_text=str(decision.pk)).first()


def since_last_signed(decision: Decision, answered: Answered) -> list[Change]:
    """Return what changed since the newest signed snapshot; empty when there is none."""
    last = last_signed(decision)
    if last is None or answered.result is None:
        return []
    return list(between(json.loads(last.record_json), answered))


def parts_to_read(decision: Decision, answered: Answered) -> list[str]:
    """Return which parts changed since the newest signed snapshot; all without one."""
    if last_signed(decision) is None:
        return list(PARTS)
    changed = {change.part for change in since_last_signed(decision, answered)}
    return [part for part in PARTS if part in changed]


def between(record: dict[str, Any], answered: Answered) -> Iterator[Change]:
    """Yield the changes from a signed record to an evaluation of today, money first."""
    old, new = record["result"], answered.result or {}
    was, now = record["question"], answered.asked.raw
    yield from _money(record, answered)
    yield from _differing("workload", was.get("workload", {}), now.get("workload", {}), record, now)
    for where in ("requirements", "reliability"):
        yield from _differing(where, was.get(where, {}), now.get(where, {}), record, now)
    yield from _differing("people", was.get("people", {}), now.get("people", {}), record, now)
    yield from _options(record, now)
    yield from _answers(was.get("checklist", {}), now.get("checklist", {}))
    yield from _mistakes(old.get("mistakes", []), new.get("mistakes", []))


def _money(record: dict[str, Any], answered: Answered) -> Iterator[Change]:
    chosen_was, chosen_now = record["question"].get("chosen"), answered.asked.raw.get("chosen")
    if chosen_was != chosen_now:
        yield Change(part="money", what="chosen option", old=chosen_was, new=chosen_now)
    best = answered.best
    best_was, best_now = best_of(record["result"]), best["name"] if best else None
    if best_was != best_now:
        yield Change(part="money", what="best option", old=best_was, new=best_now)
    cost_was, cost_now = _cost(record["result"], chosen_was), answered.option(chosen_now)
    total = total_per_month(cost_now)
    if cost_was is not None and total is not None and _moved(float(cost_was), float(total)):
        yield Change(
            part="money",
            what="monthly cost of the chosen option",
            old=float(cost_was),
            new=float(total),
            effect=total - cost_was,
        )


def _options(record: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    was = {o["name"]: o for o in record["question"]["options"]}
    new = {o["name"]: o for o in now["options"]}
    for name in was.keys() - new.keys():
        yield Change(part="options", what=f"option {name}", old="was compared", new="is gone")
    for name in new.keys() - was.keys():
        yield Change(part="options", what=f"option {name}", old="was not there", new="is compared")
    for name in (n for n in new if n in was):
        yield from _differing(name, was[name], new[name], record, now)


def _differing(
    where: str,
    was: dict[str, Any],
    new: dict[str, Any],
    record: dict[str, Any],
    now: dict[str, Any],
) -> Iterator[Change]:
    for field in [*was, *(f for f in new if f not in was)]:
        old_value, new_value = was.get(field), new.get(field)
        if _moved(old_value, new_value):
            effect = _effect(record, where=where, field=field, value=new_value)
            part = where if where in PARTS else "prices" if field in TYPED_PRICES else "options"
            what = f"{where}: {field}"
            yield Change(part=part, what=what, old=old_value, new=new_value, effect=effect)


def _moved(old: Any, new: Any) -> bool:
    numbers = (int, float)
    if isinstance(old, numbers) and isinstance(new, numbers) and old:
        return abs(new - old) > abs(old) * SMALLEST_SHARE
    return bool(old != new)


def _effect(record: dict[str, Any], *, where: str, field: str, value: Any) -> Decimal | None:
    """Return what this one change does to the signed question's chosen option, per month."""
    question = copy.deepcopy(record["question"])
    chosen = question.get("chosen")
    if where in ("workload", "people", "requirements", "reliability"):
        place = question.setdefault(where, {})
    else:
        place = next(o for o in question["options"] if o["name"] == where)
    place.pop(field, None) if value is None else place.update({field: value})
    try:
        result = evaluation.as_json(evaluation.evaluate(evaluation.read(question), draws=0))
    except evaluation.BadInput:
        return None
    before, after = _cost(record["result"], chosen), _cost(result, chosen)
    if before is None or after is None or after == before:
        return None
    return after - before


def _cost(result: dict[str, Any], name: str | None) -> Decimal | None:
    option = next((o for o in result["options"] if o["name"] == name), None)
    return total_per_month(option)


def _answers(was: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for question in [*was, *(q for q in new if q not in was)]:
        old_answer = was.get(question, {}).get("answer")
        new_answer = new.get(question, {}).get("answer")
        if old_answer != new_answer:
            yield Change(part="answers", what=f"answer: {question}", old=old_answer, new=new_answer)


def _mistakes(was: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[Change]:
    old_ids, new_ids = {m["id"] for m in was}, {m["id"] for m in new}
    for mistake in new:
        if mistake["id"] not in old_ids:
            yield Change(
                part="mistakes", what=f"mistake: {mistake['id']}", old=None, new=mistake["says"]
            )
    for mistake in was:
        if mistake["id"] not in new_ids:
            yield Change(
                part="mistakes", what=f"mistake: {mistake['id']}", old=mistake["says"], new=None
            )
