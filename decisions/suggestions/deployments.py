"""What would each of the five usual deployments cost, also those that nobody has added yet?

Closed API, managed open model, rented GPUs, reserved or owned GPUs, and a mix. Each is priced by its
cheapest option, or else by the cheapest proposal at stored prices; none is left out silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decisions import standing
from decisions.models import Decision
from decisions.suggestions.proposal import Kind, Proposal

FIVE: tuple[tuple[str, frozenset[str]], ...] = (
    ("Closed API", frozenset({Kind.CLOSED_API})),
    ("Managed open model", frozenset({Kind.MANAGED_OPEN})),
    ("Rented GPUs", frozenset({Kind.RENTED_GPU, Kind.SERVERLESS_GPU})),
    ("Reserved or owned GPUs", frozenset({Kind.RESERVED_GPU, Kind.OWNED_GPU})),
    ("Mix of two", frozenset({Kind.HYBRID})),
)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One of the five, by its cheapest option. `proposal` is set when it is not added yet.

    `costs` is None, and `proposal` names the missing price, where nobody has stored one.
    """

    says: str
    costs: Mapping[str, Any] | None
    proposal: Proposal | None


def five(decision: Decision, proposals: Sequence[Proposal]) -> list[Deployment]:
    """Return the five, with options and proposals evaluated beside one another."""
    has = {option.kind for option in decision.options.all()}
    added = {each.name: each for each in proposals if each.is_ticked and each.kind not in has}
    answered = standing.answer(decision, also=[p.option(decision) for p in added.values()])
    options = answered.result["options"] if answered.result else []
    found = []
    for says, kinds in FIVE:
        costs = min((o for o in options if o["kind"] in kinds), key=_cost, default=None)
        wanted = added.get(costs["name"]) if costs else _asked_for(proposals, kinds)
        found.append(Deployment(says=says, costs=costs, proposal=wanted))
    return found


def _asked_for(proposals: Sequence[Proposal], kinds: frozenset[str]) -> Proposal | None:
    return next((each for each in proposals if each.kind in kinds and each.missing), None)


def _cost(option: Mapping[str, Any]) -> tuple[bool, float]:
    return bool(option["unmet"]), float(option["per_month"]["total"])
