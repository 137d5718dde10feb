"""Which APIs are worth comparing: the closed models of the class, and every host of the open one?"""

from collections.abc import Iterator, Sequence

from decisions.models import Decision
from decisions.suggestions.proposal import Kind, Proposal, is_usable
from pricing import queries

# Closed models that people weigh a 70B open model against, and those at the frontier. Which one
# does the job is the team's to judge.
COMPARABLE = ("gpt-5-mini", "claude-haiku-4-5", "gemini-2.5-flash", "gpt-4.1-mini")
FRONTIER = ("claude-sonnet-4-5", "gpt-5.1", "gpt-5", "gemini-2.5-pro", "gpt-4.1")
# Who sells these models first-hand; a reseller's price has terms that a newcomer cannot see.
MAKERS = {"anthropic", "google", "openai"}
# What hosts write around a model's name without meaning another model.
DECORATION = {"", "meta", "instruct", "turbo", "versatile", "fast", "it", "chat"}
MOST_HOSTS = 30


def closed(decision: Decision) -> list[Proposal]:
    """Return the first-hand price of each closed model of the class that is asked for."""
    workload = getattr(decision, "workload", None)
    frontier = workload is not None and bool(workload.requirements.get("frontier_quality"))
    why = "First-hand price of a model at the frontier." if frontier else "First-hand price."
    found = {
        offer.offer_id: Proposal(name=named(offer), kind=Kind.CLOSED_API, offer=offer, why=why)
        for name in (FRONTIER if frontier else COMPARABLE)
        for offer in _first(_offers(decision, name, makers=True))
    }
    return list(found.values())


def managed(decision: Decision, model: str) -> list[Proposal]:
    """Return every host that has a price for the open model, one proposal each."""
    text = model.replace("-", " ")
    hosts: dict[tuple[str, str], Proposal] = {}
    for offer in sorted(_offers(decision, text), key=leading):
        why = f"{model} at {offer.provider}."
        proposal = Proposal(name=named(offer), kind=Kind.MANAGED_OPEN, offer=offer, why=why)
        hosts.setdefault((offer.provider, offer.host), proposal)
    return list(hosts.values())[:MOST_HOSTS]


def leading(offer: queries.OfferPrice) -> float:
    """Return what to compare token prices by; three input tokens for each output token."""
    return float(3 * offer.measures["input"].amount + offer.measures["output"].amount)


def named(offer: queries.OfferPrice) -> str:
    """Return what the option of a token price is called."""
    host = "" if offer.host in ("", offer.provider) else f" ({offer.host})"
    return f"{offer.model} at {offer.provider}{host}"[:80]


def _offers(decision: Decision, text: str, *, makers: bool = False) -> list[queries.OfferPrice]:
    """Return the offers of exactly this model, however its hosts write it."""
    wanted = _letters(text)
    found = queries.find_offers(kind="token", text=text, limit=120, team_id=decision.team_id)
    return [
        offer
        for offer in found
        if is_usable(offer)
        and (not makers or offer.provider in MAKERS)
        and _letters(offer.model).replace(wanted, "", 1) in DECORATION
    ]


def _first(offers: Sequence[queries.OfferPrice]) -> Iterator[queries.OfferPrice]:
    if offers:
        yield min(offers, key=leading)


def _letters(text: str) -> str:
    """Return the letters and digits of a name.

    >>> _letters("Llama 3.3 70B"), _letters("llama-3.3-70b")
    ('llama3370b', 'llama3370b')
    """
    return "".join(letter for letter in text.lower() if letter.isalnum())
