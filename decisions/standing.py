"""Where does a decision stand at current prices?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from decisions import checklist, evaluation, figures, questions, straight
from decisions.models import Decision, Option, Standing
from decisions.rendering.labels import FIELDS


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An option that cannot be worked out, and why, in words. The others are compared without it."""

    name: str
    says: str
    option_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The evaluation of a decision. `result` is None when `faults` say what is missing."""

    asked: questions.Asked
    result: dict[str, Any] | None
    faults: list[str]
    reading: figures.Reading | None = None
    suggestions: dict[str, figures.Suggestion] = field(default_factory=dict)
    calculated: evaluation.Evaluation | None = None
    left_out: tuple[LeftOut, ...] = ()

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
    decision: Decision,
    *,
    at: datetime | None = None,
    draws: int = 0,
    seed: int = 0,
    tokens_factor: float = 1.0,
    also: Sequence[Option] = (),
) -> Answered:
    """Evaluate a decision at the prices of `at` (None: the newest); stores nothing.

    `draws` possible futures, drawn from `seed`, tell how sure it is. `tokens_factor` scales
    today's volume: the slider of the compare page. `also` are options that nobody has added yet.
    Where sources disagree, an option that would win is taken at the dearest price that one says.
    """
    doubted: frozenset[str] = frozenset()
    while True:
        asked = questions.ask(decision, at=at, also=also, doubted=doubted)
        answered = _answered(asked, draws=draws, seed=seed, tokens_factor=tokens_factor)
        more = _disputed_in_best(answered)
        if not more:
            return _with_ids(decision, answered)
        doubted |= more


def _answered(asked: questions.Asked, *, draws: int, seed: int, tokens_factor: float) -> Answered:
    missing = _missing(asked)
    if missing:
        return Answered(asked=asked, result=None, faults=missing)
    if tokens_factor != 1.0:
        for name in ("input_tokens_per_month", "output_tokens_per_month"):
            asked.raw["workload"][name] *= tokens_factor
    return _evaluated(asked, draws=draws, seed=seed)


def _with_ids(decision: Decision, answered: Answered) -> Answered:
    """Say which stored option each left out one is, so that a page can link to where it is mended."""
    if not answered.left_out:
        return answered
    ids = dict(decision.options.values_list("name", "pk"))
    found = tuple(replace(each, option_id=ids.get(each.name)) for each in answered.left_out)
    return replace(answered, left_out=found)


def _disputed_in_best(answered: Answered) -> set[str]:
    """Return what the best option is made of and whose prices sources dispute, not yet at its dearest."""
    best = answered.best
    if best is None:
        return set()
    raw = next(o for o in answered.asked.raw["options"] if o["name"] == best["name"])
    parts = [part["option"] for part in raw.get("parts", [])]
    names = {best["name"], *(part for part in parts if isinstance(part, str))}
    disputed = (p for p in answered.asked.prices if p.disputed_by and not p.is_dearest)
    return {price.option for price in disputed if price.option in names}


def _missing(asked: questions.Asked) -> list[str]:
    faults = []
    if "workload" not in asked.raw:
        faults.append("The workload is not filled in yet.")
    if not asked.raw["options"]:
        faults.append("There is no option to compare yet.")
    return faults


def _evaluated(asked: questions.Asked, *, draws: int, seed: int) -> Answered:
    question, found, faults = _read(asked)
    if question is None:
        says = [*faults, *(f"{each.name}: {each.says}" for each in found)]
        return Answered(asked=asked, result=None, faults=says, left_out=found)
    calculated = evaluation.evaluate(question, draws=draws, seed=seed)
    return Answered(
        asked=asked,
        result=evaluation.as_json(calculated),
        faults=[],
        # The team's own answers: what the figures suggest is not yet an answer.
        reading=checklist.read_answers(question.answers),
        suggestions=calculated.suggestions or {},
        calculated=calculated,
        left_out=found,
    )


def _read(
    asked: questions.Asked,
) -> tuple[evaluation.Question | None, tuple[LeftOut, ...], list[str]]:
    """Return the question of the options that can be worked out, the others, and other faults.

    Leaving one out may fault another that is made of it, so it takes as many rounds as needed.
    """
    names = [str(option["name"]) for option in asked.raw["options"]]
    priceless = {n: [p for p in asked.problems if p.startswith(f"{n}: ")] for n in names}
    found = {
        n: " ".join(p.removeprefix(f"{n}: ") for p in says) for n, says in priceless.items() if says
    }
    while len(found) < len(names):
        raw = without(asked.raw, set(found))
        try:
            return evaluation.read(raw), _left_out(found), []
        except evaluation.BadInput as bad:
            faulty = _by_option(bad.faults, raw["options"])
            if not faulty:
                return (
                    None,
                    _left_out(found),
                    [_in_words(fault, raw["options"]) for fault in bad.faults],
                )
            found |= faulty
    return None, _left_out(found), []


def without(raw: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return a question without the options of these names."""
    kept = [option for option in raw["options"] if option["name"] not in names]
    asked = {**raw, "options": kept}
    if raw.get("chosen") in names:
        del asked["chosen"]
    return asked


def _left_out(found: dict[str, str]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(name=name, says=says) for name, says in found.items())


def _in_words(fault: evaluation.Fault, options: Sequence[dict[str, Any]]) -> str:
    """Write a fault that belongs to no single option, with names in place of paths."""
    says = fault.says
    for place, option in enumerate(options):
        says = re.sub(rf"options\[{place}\]\.?", f"{option['name']}, ", says)
    field = fault.path.rpartition(".")[2]
    label = FIELDS.get(field, field.replace("_", " "))
    return f"{label[:1].upper()}{label[1:]}: {says}." if label else says


def _by_option(
    faults: Sequence[evaluation.Fault], options: Sequence[dict[str, Any]]
) -> dict[str, str]:
    """Return what is wrong with each option, in words without paths; other faults are left out."""
    says: dict[str, list[str]] = {}
    for fault in faults:
        place = re.match(r"options\[(\d+)\]\.?(.*)", fault.path)
        if place is not None:
            field = place[2].rpartition(".")[2]
            label = FIELDS.get(field, field.replace("_", " "))
            text = f"{label[:1].upper()}{label[1:]}: {fault.says}" if label else fault.says
            says.setdefault(str(options[int(place[1])]["name"]), []).append(f"{text}.")
    return {name: " ".join(each) for name, each in says.items()}


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
                "problem": "\n".join(answered.faults or _problems(answered)),
                "offer_ids": answered.asked.offer_ids,
                "straight": straight.of(decision, answered.asked, answered.calculated),
            },
        )


def _problems(answered: Answered) -> list[str]:
    return [f"{each.name}: {each.says}" for each in answered.left_out]


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
