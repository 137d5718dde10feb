"""Which options would a newcomer compare first, at the prices that are stored?

One of each kind, the cheapest that fits. Everything proposed is a start that the team then edits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from decisions.models import Decision, Option
from pricing import queries

Kind = Option.Kind
USUAL_MODEL = "Llama-3.3-70B"
USUAL_GPU = "H100"
# Closed models that people weigh a 70B open model against, and those at the frontier. The cheapest
# of them that the price book knows is proposed; which one does the job is the team's to judge.
COMPARABLE = ("gpt-5-mini", "claude-haiku-4-5", "gemini-2.5-flash", "gpt-4.1-mini")
FRONTIER = ("claude-sonnet-4-5", "gpt-5.1", "gpt-5", "gemini-2.5-pro", "gpt-4.1")
# The middle of what teams report: 1 to 4 weeks once, a quarter to one person for good.
USUAL_PEOPLE = {"setup_weeks": 2, "setup_people": 1, "ops_fte": 0.25}
# Who sells these models first-hand; a reseller's price has terms that a newcomer cannot see.
MAKERS = {"anthropic", "google", "openai"}
HARD_SHARE = 0.2
# Names of what is sold for a while or within narrow limits only.
PASSING = ("preview", "beta", ":free", "-exp")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """An option to add, the stored price it starts from, and why this one."""

    name: str
    kind: str
    why: str
    offer: queries.OfferPrice | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def offer_id(self) -> int | None:
        """Return the number of the stored price, None for a mix of others."""
        return None if self.offer is None else self.offer.offer_id


def propose(decision: Decision, *, model: str = USUAL_MODEL) -> list[Proposal]:
    """Return one option of each kind that has a stored price, without those the decision has."""
    known = set(decision.options.values_list("kind", flat=True))
    return [each for each in _proposals(decision, model) if each.kind not in known]


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


def _proposals(decision: Decision, model: str) -> Iterator[Proposal]:
    closed = _closed(decision)
    managed = _cheapest(decision, kind="token", text=model.replace("-", " "))
    if closed is not None:
        why = "The cheapest first-hand price among widely used closed models of this class."
        yield Proposal(name=_named(closed), kind=Kind.CLOSED_API, offer=closed, why=why)
    if managed is not None:
        why = f"The cheapest stored price for {model} at a provider."
        yield Proposal(name=_named(managed), kind=Kind.MANAGED_OPEN, offer=managed, why=why)
    names = _names(decision, closed=closed, managed=managed)
    yield from _machines(decision, model, fallback=names.get("managed", names.get("closed")))
    if len(names) == 2:
        yield _mix(**names)


def _names(
    decision: Decision,
    *,
    closed: queries.OfferPrice | None,
    managed: queries.OfferPrice | None,
) -> dict[str, str]:
    """Return what the closed and the managed option are called: those of the decision first."""
    names = {}
    for name, kind, offer in (
        ("closed", Kind.CLOSED_API, closed),
        ("managed", Kind.MANAGED_OPEN, managed),
    ):
        stored = decision.options.filter(kind=kind).first()
        if stored is not None:
            names[name] = stored.name
        elif offer is not None:
            names[name] = _named(offer)
    return names


def _closed(decision: Decision) -> queries.OfferPrice | None:
    workload = getattr(decision, "workload", None)
    frontier = workload is not None and bool(workload.requirements.get("frontier_quality"))
    names = FRONTIER if frontier else COMPARABLE
    found = [_cheapest(decision, kind="token", text=name, providers=MAKERS) for name in names]
    return min((each for each in found if each), key=_price, default=None)


def _machines(decision: Decision, model: str, *, fallback: str | None) -> Iterator[Proposal]:
    """Yield one option for each way to have GPUs, with the people that run them."""
    figures: dict[str, Any] = {"model": model, "quantization": "fp8"}
    if decision.team.loaded_cost_per_fte_year is not None:
        figures |= USUAL_PEOPLE
    if fallback is not None:
        figures["fallback"] = {"option": fallback, "share": 0.0}
    ways = {
        Kind.SERVERLESS_GPU: ("serverless", "Serverless"),
        Kind.RENTED_GPU: ("on_demand", "Rented"),
        Kind.RESERVED_GPU: ("reserved", "Reserved"),
    }
    for kind, (mode, word) in ways.items():
        offer = _cheapest(decision, kind="gpu", mode=mode, gpu=USUAL_GPU)
        if offer is not None:
            yield Proposal(
                name=f"{word} {offer.gpu} at {offer.provider}"[:80],
                kind=kind,
                offer=offer,
                figures=figures,
                why=f"The cheapest stored price for {USUAL_GPU}; how many follows from the workload.",
            )


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


def _cheapest(
    decision: Decision, *, providers: set[str] | None = None, **wanted: str
) -> queries.OfferPrice | None:
    offers = queries.find_offers(**wanted, limit=20, team_id=decision.team_id)
    usable = [o for o in offers if _is_usable(o) and (not providers or o.provider in providers)]
    if wanted.get("text") and usable:
        # The best fit comes first; another host of the very same model may be cheaper.
        usable = [offer for offer in usable if offer.model == usable[0].model]
    return min(usable, key=_price, default=None)


def _is_usable(offer: queries.OfferPrice) -> bool:
    """Say whether a price of this offer holds for everybody, now and for as long as it is sold."""
    needed = {"gpu_hour"} if offer.kind == "gpu" else {"input", "output"}
    gone = offer.is_withdrawn or any(price.is_expired for price in offer.measures.values())
    passing = any(word in offer.source_name.lower() for word in PASSING)
    known = offer.kind == "token" or offer.gpu_is_known
    return known and not gone and not passing and needed <= offer.measures.keys()


def _price(offer: queries.OfferPrice) -> float:
    """Return what to compare offers by; three input tokens for each output token."""
    if offer.kind == "gpu":
        return float(offer.measures["gpu_hour"].amount)
    return float(3 * offer.measures["input"].amount + offer.measures["output"].amount)


def _named(offer: queries.OfferPrice) -> str:
    return f"{offer.model or offer.gpu} at {offer.provider}"[:80]
