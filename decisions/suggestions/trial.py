"""What would each proposal cost and serve beside the decision's workload? Nothing is stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from decisions import evaluation, questions
from decisions.models import Decision
from decisions.suggestions.proposal import Proposal


def tried(decision: Decision, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Return the proposals with their costs, each evaluated alone; one look-up of all prices."""
    asked = questions.ask(decision, also=[each.option(decision) for each in proposals])
    # What stands on others cannot be tried alone, and a mistake elsewhere is no fault of these.
    frame = {k: v for k, v in asked.raw.items() if k not in ("chosen", "checklist", "options")}
    fields = asked.raw["options"][len(asked.raw["options"]) - len(proposals) :]
    return [
        _tried(each, frame, raw) if not each.missing and "parts" not in each.figures else each
        for each, raw in zip(proposals, fields, strict=True)
    ]


def _tried(proposal: Proposal, frame: dict[str, Any], fields: dict[str, Any]) -> Proposal:
    if "workload" not in frame:
        return proposal
    alone = {name: value for name, value in fields.items() if name != "fallback"}
    try:
        question = evaluation.read({**frame, "options": [alone]})
    except evaluation.BadInput as bad:
        return replace(proposal, fault="; ".join(fault.says for fault in bad.faults))
    found = evaluation.as_json(evaluation.evaluate(question, draws=0))
    return replace(proposal, costs=found["options"][0])
