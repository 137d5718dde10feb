"""Which machines can hold the load, at which stored price, and which price is nobody's yet?

The capacity model says how many GPUs of each type the workload asks for; the sellers are then ranked
by what these cost a month. A machine that is sold only in eights is counted in eights.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decisions import catalogue
from decisions.models import Decision
from decisions.suggestions.proposal import Kind, Proposal
from decisions.suggestions.trial import tried
from pricing import queries

MOST_SELLERS = 3
# The middle of what teams report: 1 to 4 weeks once, a quarter to one person for good.
USUAL_PEOPLE = {"setup_weeks": 2, "setup_people": 1, "ops_fte": 0.25}
# "Every few hours", as the article has it, taken as every four; ten minutes to load a model again.
USUAL_SPOT = {"discount": 0.0, "interruptions_per_month": 180, "recovery_minutes": 10}
SERVERLESS = {
    "modal": "Modal",
    "runpod": "RunPod",
    "replicate": "Replicate",
    "huggingface": "Hugging Face endpoints",
}
TERMS = {12: "1 year", 36: "3 years"}
USUAL_GPU = "H100"
# At most 10.2 kW for a server of eight, by the maker's data sheet of the DGX H100.
KW_PER_GPU = {"H100-SXM": 1.275, "H200": 1.275}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to run: the model, in which format, and who answers when it cannot."""

    decision: Decision
    model: str
    quantization: str
    fallback: str | None

    @property
    def figures(self) -> dict[str, Any]:
        """Return the figures that every option with GPUs starts from."""
        figures: dict[str, Any] = {"model": self.model, "quantization": self.quantization}
        if self.decision.team.loaded_cost_per_fte_year is not None:
            figures |= USUAL_PEOPLE
        if self.fallback is not None:
            figures["fallback"] = {"option": self.fallback, "share": 0.0}
        return figures


def propose(wish: Wish) -> list[Proposal]:
    """Return the cheapest sellers of each way to have GPUs, and what is to be asked for."""
    offers = queries.cheapest_machines(team_id=wish.decision.team_id)
    sizes = gpus_needed(wish, {offer.gpu for offer in offers} | {USUAL_GPU})
    return [
        *_serverless(wish, offers, sizes),
        *_sold(wish, _of(offers, "on_demand"), sizes, Kind.RENTED_GPU),
        *_sold(wish, _of(offers, "spot"), sizes, Kind.RENTED_GPU, spot=USUAL_SPOT),
        *_reserved(wish, offers, sizes),
        *_owned(wish, offers, sizes),
    ]


def gpus_needed(wish: Wish, names: set[str]) -> dict[str, int]:
    """Return how many GPUs of each type hold the load; without those that cannot, or are unknown.

    Without a workload every type the catalogue holds counts once.
    """
    known = {name for name in names if _is_known(name)}
    if getattr(wish.decision, "workload", None) is None:
        return dict.fromkeys(known, 1)
    plain = {"model": wish.model, "quantization": wish.quantization, "price_per_gpu_hour": 1.0}
    trials = [
        Proposal(name=name, kind=Kind.RENTED_GPU, why="", figures={**plain, "gpu": name})
        for name in known
    ]
    found = {each.name: each.costs for each in tried(wish.decision, trials)}
    return {name: costs["gpus"] for name, costs in found.items() if costs and costs["fits"]}


def _is_known(name: str) -> bool:
    try:
        catalogue.gpu(name)
    except catalogue.UnknownName:
        return False
    return True


def _of(offers: Sequence[queries.OfferPrice], mode: str) -> list[queries.OfferPrice]:
    return [offer for offer in offers if offer.mode == mode]


def _sold(
    wish: Wish,
    offers: Sequence[queries.OfferPrice],
    sizes: Mapping[str, int],
    kind: str,
    **more: Any,
) -> Iterator[Proposal]:
    """Yield the sellers at which the GPUs that the load asks for cost least, each once."""
    ranked = sorted(
        (offer for offer in offers if offer.gpu in sizes),
        key=lambda offer: _per_hour(offer, sizes[offer.gpu]),
    )
    sellers: dict[str, queries.OfferPrice] = {}
    for offer in ranked:
        sellers.setdefault(offer.provider, offer)
    for offer in list(sellers.values())[:MOST_SELLERS]:
        whole = _in_machines(offer, sizes[offer.gpu])
        figures = {**wish.figures, **more}
        why = f"Among the cheapest {offer.terms} prices for GPUs that hold this load."
        if whole != sizes[offer.gpu]:
            figures["gpus"] = whole
            why += f" Sold in machines of {offer.gpu_count}."
        yield Proposal(
            name=f"{offer.gpu} at {offer.provider}, {offer.terms}"[:80],
            kind=kind,
            offer=offer,
            figures=figures,
            why=why,
        )


def _per_hour(offer: queries.OfferPrice, needed: int) -> float:
    measure = next(iter(offer.measures.values()))
    return float(measure.amount) * _in_machines(offer, needed)


def _in_machines(offer: queries.OfferPrice, needed: int) -> int:
    count = max(1, offer.gpu_count)
    return math.ceil(needed / count) * count


def _serverless(
    wish: Wish, offers: Sequence[queries.OfferPrice], sizes: Mapping[str, int]
) -> Iterator[Proposal]:
    sold = _of(offers, "serverless")
    yield from _sold(wish, sold, sizes, Kind.SERVERLESS_GPU)
    for provider in sorted(SERVERLESS.keys() - {offer.provider for offer in sold}):
        yield Proposal(
            name=SERVERLESS[provider],
            kind=Kind.SERVERLESS_GPU,
            why="Billed while a GPU works.",
            missing=f"No stored price per GPU-hour at {SERVERLESS[provider]}.",
            ask=_asked(provider=provider, mode="serverless"),
        )


def _reserved(
    wish: Wish, offers: Sequence[queries.OfferPrice], sizes: Mapping[str, int]
) -> Iterator[Proposal]:
    sold = _of(offers, "reserved")
    for months, says in TERMS.items():
        of_term = [offer for offer in sold if offer.term_months == months]
        yield from _sold(wish, of_term, sizes, Kind.RESERVED_GPU, term_months=months)
        if not of_term:
            yield Proposal(
                name=f"Reserved for {says}",
                kind=Kind.RESERVED_GPU,
                why=f"{_needed(sizes)}Reserved prices are quoted, seldom listed.",
                missing=f"No stored price per GPU-hour for {says}.",
                ask=_asked(mode="reserved", term_months=months),
            )


def _owned(
    wish: Wish, offers: Sequence[queries.OfferPrice], sizes: Mapping[str, int]
) -> Iterator[Proposal]:
    """Yield the quotes for GPUs to buy; power and space are the team's to fill in."""
    sold = [offer for offer in _of(offers, "purchase") if offer.gpu in sizes]
    for offer in sold[:MOST_SELLERS]:
        yield Proposal(
            name=f"Own {offer.gpu} from {offer.provider}"[:80],
            kind=Kind.OWNED_GPU,
            offer=offer,
            figures=wish.figures | _power(offer.gpu),
            why="Power and space have no stored price: fill them in on its form.",
            missing="No price for power and space.",
        )
    if not sold:
        yield Proposal(
            name=f"Own {USUAL_GPU}",
            kind=Kind.OWNED_GPU,
            why=f"{_needed(sizes)}Purchase prices are quoted, not listed.",
            missing="No stored purchase price.",
            ask=_asked(mode="purchase"),
        )


def _power(gpu: str) -> dict[str, float]:
    kilowatts = KW_PER_GPU.get(catalogue.gpu(gpu).name)
    return {} if kilowatts is None else {"kw_per_gpu": kilowatts}


def _needed(sizes: Mapping[str, int]) -> str:
    count = sizes.get(USUAL_GPU)
    return f"The load asks for {count} × {USUAL_GPU}. " if count else ""


def _asked(**terms: Any) -> dict[str, Any]:
    return {"kind": "gpu", "gpu": USUAL_GPU, "gpu_count": 1, **terms}
