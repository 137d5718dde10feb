"""Which options are worth comparing for this workload, at the prices that are stored?

Candidates of every kind, sized so that they hold the load. Everything proposed is a start that the
team then edits. Where nobody has stored a price the proposal says which quote is missing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from decisions.models import Decision, Option
from decisions.suggestions import apis, gpus
from decisions.suggestions.deployments import Deployment, five
from decisions.suggestions.proposal import Kind, Proposal
from decisions.suggestions.trial import tried

__all__ = [
    "USUAL_MODEL",
    "Deployment",
    "Proposal",
    "five",
    "propose",
    "standing_alone",
    "starting_from",
    "usual_model",
]

USUAL_MODEL = "Llama-3.3-70B"
USUAL_QUANTIZATION = "fp8"
HARD_SHARE = 0.2


def usual_model(decision: Decision) -> str:
    """Return the open model that the decision's own machines run, else the usual one."""
    models = [option.figures.get("model") for option in decision.options.all()]
    return next((model for model in models if isinstance(model, str)), USUAL_MODEL)


def propose(decision: Decision, *, model: str = USUAL_MODEL) -> list[Proposal]:
    """Return candidates of each kind, without those that the decision has.

    The cheapest of each kind that is not compared yet is ticked.
    """
    stored = list(decision.options.all())
    has = {option.offer_id for option in stored}
    found = tried(decision, list(_proposals(decision, stored, model)))
    fresh = [each for each in found if each.offer_id is None or each.offer_id not in has]
    fresh = [each for each in fresh if each.kind != Kind.HYBRID or not _has(stored, Kind.HYBRID)]
    best = _cheapest_of_each_kind(fresh, but={option.kind for option in stored})
    return [replace(each, is_ticked=each in best) for each in fresh]


def starting_from(decision: Decision, *, kind: str, offer_id: int) -> dict[str, Any]:
    """Return the figures of the proposal on a stored price; empty when nothing is proposed on it."""
    for each in propose(decision, model=usual_model(decision)):
        if each.kind == kind and each.offer_id == offer_id:
            names = {option.name for option in decision.options.all()}
            return dict(standing_alone([each], known=names)[0].figures)
    return {}


def standing_alone(ticked: list[Proposal], *, known: set[str]) -> list[Proposal]:
    """Return the ticked proposals without what needs an option that is not there.

    `known` are the names of the options that the decision has.
    """
    names = known | {each.name for each in ticked}
    left = []
    for each in ticked:
        figures = dict(each.figures)
        if figures.get("fallback", {}).get("option", "") not in names:
            figures.pop("fallback", None)
        if all(part["option"] in names for part in figures.get("parts", [])):
            left.append(replace(each, figures=figures))
    return left


def _proposals(decision: Decision, stored: Sequence[Option], model: str) -> Iterator[Proposal]:
    closed = _by_price(decision, apis.closed(decision))
    managed = _by_price(decision, apis.managed(decision, model))
    yield from closed
    yield from managed
    closed_name = _first_name(stored, Kind.CLOSED_API, closed)
    managed_name = _first_name(stored, Kind.MANAGED_OPEN, managed)
    wish = gpus.Wish(
        decision=decision,
        model=model,
        quantization=USUAL_QUANTIZATION,
        fallback=managed_name or closed_name,
    )
    yield from gpus.propose(wish)
    if closed_name and managed_name:
        yield _mix(closed=closed_name, managed=managed_name)


def _by_price(decision: Decision, proposals: list[Proposal]) -> list[Proposal]:
    """Return them cheapest first: by this workload's bill, or by the usual mix without one."""
    return sorted(tried(decision, proposals), key=_cost)


def _cost(proposal: Proposal) -> tuple[bool, float]:
    if proposal.costs is not None:
        return (bool(proposal.costs["unmet"]), float(proposal.costs["per_month"]["total"]))
    offer = proposal.offer
    if offer is None or "input" not in offer.measures:
        return True, 0.0
    return True, apis.leading(offer)


def _first_name(stored: Sequence[Option], kind: str, proposed: Sequence[Proposal]) -> str | None:
    """Return what the first option of a kind is called: one of the decision, else a proposal."""
    names = [o.name for o in stored if o.kind == kind] + [each.name for each in proposed]
    return next(iter(names), None)


def _has(stored: Iterable[Option], kind: str) -> bool:
    return any(option.kind == kind for option in stored)


def _cheapest_of_each_kind(proposals: Sequence[Proposal], *, but: set[str]) -> list[Proposal]:
    priced = [each for each in proposals if not each.missing and not each.fault]
    kinds = {each.kind for each in priced} - but
    return [min((p for p in priced if p.kind == kind), key=_cost) for kind in sorted(kinds)]


def _mix(*, closed: str, managed: str) -> Proposal:
    parts = [
        {"option": managed, "share": 1 - HARD_SHARE},
        {"option": closed, "share": HARD_SHARE},
    ]
    return Proposal(
        name="Mix: open model, closed for the hard cases",
        kind=Kind.HYBRID,
        figures={"parts": parts},
        why="Four fifths of the tokens to the open model. Put in the share that is really hard.",
    )
