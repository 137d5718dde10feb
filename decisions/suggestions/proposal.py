"""What is proposed: an option to add, or a price to ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from decisions.models import Decision, Option
from pricing import queries

Kind = Option.Kind
TELLING = ("input", "output", "gpu_hour", "gpu_purchase")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """An option to add, the stored price it starts from, why this one, and what it would cost.

    `missing` says which price nobody has stored; `ask` then describes the quote to enter. `costs`
    are the evaluation's figures of the option beside the decision's workload, None until the
    workload is known or where `fault` says why it cannot be evaluated.
    """

    name: str
    kind: str
    why: str
    offer: queries.OfferPrice | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""
    ask: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, Any] | None = None
    fault: str = ""
    is_ticked: bool = False

    @property
    def key(self) -> str:
        """Return what tells it from the other proposals of the page."""
        return f"{self.kind}-{self.offer_id}" if self.offer else self.kind

    @property
    def offer_id(self) -> int | None:
        """Return the number of the stored price, None for a mix of others."""
        return None if self.offer is None else self.offer.offer_id

    @property
    def kind_says(self) -> str:
        """Return the kind in words."""
        return str(Kind(self.kind).label)

    @property
    def prices(self) -> dict[str, queries.Price]:
        """Return the prices that tell one proposal from another; batches have theirs too."""
        known = self.offer.measures if self.offer else {}
        return {name: known[name] for name in TELLING if name in known}

    @property
    def quote_query(self) -> str:
        """Return the terms of the missing price, for the address of the quote's form."""
        return urlencode(self.ask)

    def option(self, decision: Decision) -> Option:
        """Return the option as it would be stored."""
        return Option(
            decision=decision,
            name=self.name,
            kind=self.kind,
            offer_id=self.offer_id,
            figures=dict(self.figures),
        )


def is_usable(offer: queries.OfferPrice) -> bool:
    """Say whether a price of this offer holds for everybody, now and for as long as it is sold."""
    needed = {"gpu_hour"} if offer.kind == "gpu" else {"input", "output"}
    gone = offer.is_withdrawn or any(price.is_expired for price in offer.measures.values())
    passing = any(word in offer.source_name.lower() for word in PASSING)
    known = offer.kind == "token" or offer.gpu_is_known
    return known and not gone and not passing and needed <= offer.measures.keys()


# Names of what is sold for a while or within narrow limits only.
PASSING = ("preview", "beta", ":free", "-exp")
