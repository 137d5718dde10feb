"""Where does a decision stand at current prices?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from decisions import checklist, evaluation, figures, questions
from decisions.models import Decision, Standing


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The evaluation of a decision. `result` is None when `faults` say what is missing."""

    asked: questions.Asked
    result: dict[str, Any] | None
    faults: list[str]
    reading: figures.Reading | None = None
    suggestions: dict[str, figures.Suggestion] = field(default_factory=dict)
    calculated: evaluation.Evaluation | None = None

    def option(self, name: str | None) -> dict[str, Any] | None:
        """Return the figures of the option of that name, or None."""
        if self.result is None:
            return None
        return next((o for o in self.result["options"] if o["name"] == name), None)

    @property
    def best(self) -> dict[str, Any] | None:
        """Return the figures of the best option, or None."""
        return self.option(best_of(self.result)) if self.result else None


def answer(
    decision: Decision, *, at: datetime | None = None, draws: int = 0, tokens_factor: float = 1.0
) -> Answered:
    """Evaluate a decision at the prices of `at` (None: the newest); stores nothing.

    `tokens_factor` scales today's volume: the slider of the compare page.
    """
    asked = questions.ask(decision, at=at)
    missing = _missing(asked)
    if missing:
        return Answered(asked=asked, result=None, faults=missing)
    if tokens_factor != 1.0:
        for name in ("input_tokens_per_month", "output_tokens_per_month"):
            asked.raw["workload"][name] *= tokens_factor
    return _evaluated(asked, draws=draws)


def _missing(asked: questions.Asked) -> list[str]:
    faults = list(asked.problems)
    if "workload" not in asked.raw:
        faults.append("The workload is not filled in yet.")
    if not asked.raw["options"]:
        faults.append("There is no option to compare yet.")
    return faults


def _evaluated(asked: questions.Asked, *, draws: int) -> Answered:
    try:
        question = evaluation.read(asked.raw)
    except evaluation.BadInput as bad:
        faults = [_in_words(fault, asked.raw["options"]) for fault in bad.faults]
        return Answered(asked=asked, result=None, faults=faults)
    calculated = evaluation.evaluate(question, draws=draws)
    return Answered(
        asked=asked,
        result=evaluation.as_json(calculated),
        faults=[],
        # The team's own answers: what the figures suggest is not yet an answer.
        reading=checklist.read_answers(question.answers),
        suggestions=calculated.suggestions or {},
        calculated=calculated,
    )


def _in_words(fault: evaluation.Fault, options: Sequence[dict[str, Any]]) -> str:
    path = fault.path
    for index, option in enumerate(options):
        path = path.replace(f"options[{index}]", str(option["name"]))
    return f"{path}: {fault.says}"


def update(decision: Decision, *, at: datetime) -> Answered:
    """Evaluate the decision and store where it stands; return the evaluation."""
    fresh = Decision.objects.select_related("team", "chosen", "workload").get(pk=decision.pk)
    answered = answer(fresh)
    store(fresh, answered, at=at)
    return answered


def store(decision: Decision, answered: Answered, *, at: datetime) -> None:
    """Store an evaluation as where the decision stands."""
    chosen = answered.option(decision.chosen.name if decision.chosen else None)
    best = answered.best
    with transaction.atomic():
        Standing.objects.update_or_create(
            decision=decision,
            defaults={
                "evaluated_at": at,
                "version": decision.version,
                "chosen_per_month": total_per_month(chosen),
                "best_name": best["name"] if best else "",
                "best_per_month": total_per_month(best),
                "regret_per_month": difference(chosen, best),
                "gates_missing": len(answered.reading.gates_missing) if answered.reading else 0,
                "mistakes": len(answered.result["mistakes"]) if answered.result else 0,
                "problem": "\n".join(answered.faults),
                "offer_ids": answered.asked.offer_ids,
            },
        )


def best_of(result: dict[str, Any]) -> str | None:
    """Return the name of the first in the ranking that meets every requirement, or None."""
    unable = {o["name"] for o in result["options"] if o["unmet"]}
    return next((name for name in result["ranking"] if name not in unable), None)


def total_per_month(option: dict[str, Any] | None) -> Decimal | None:
    """Return an option's whole monthly cost; None when it is unknown."""
    if option is None or option["per_month"]["total"] is None:
        return None
    return Decimal(str(option["per_month"]["total"]))


def difference(chosen: dict[str, Any] | None, best: dict[str, Any] | None) -> Decimal | None:
    """Return what the chosen option costs more per month than the best; None when unknown."""
    ours, theirs = total_per_month(chosen), total_per_month(best)
    return None if ours is None or theirs is None else ours - theirs
