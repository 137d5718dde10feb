"""Which mixes do teams run, and which class of requests goes where in each?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from decisions import drafts, quality
from decisions.models import Decision, Option, User, Workload

Kind = Option.Kind
OWN = (Kind.RESERVED_GPU, Kind.RENTED_GPU, Kind.OWNED_GPU, Kind.SERVERLESS_GPU)
APIS = (Kind.CLOSED_API, Kind.MANAGED_OPEN)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One class of requests of a pattern, and the kinds of options that it usually goes to."""

    name: str
    kinds: tuple[str, ...]
    share: Decimal | None = None
    privacy: bool = False
    custom_model: bool = False


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A usual mix: its address, what it is for, and its two classes of requests."""

    slug: str
    title: str
    says: str
    sides: tuple[Side, Side]


# Shares only where the usual advice has them: four fifths bulk, one fifth hard.
PATTERNS = (
    Pattern(
        slug="bulk-and-hard",
        title="Bulk on own machines, hard cases to an API",
        says="Classification and simple answers on an open model, complex reasoning on a closed API.",
        sides=(
            Side(name="bulk", kinds=(*OWN, Kind.MANAGED_OPEN), share=Decimal("0.8")),
            Side(name="hard", kinds=APIS, share=Decimal("0.2")),
        ),
    ),
    Pattern(
        slug="sensitive-and-general",
        title="Sensitive data on own machines, the rest to an API",
        says="What must not leave stays on your machines; general questions go to an API.",
        sides=(Side(name="sensitive", kinds=OWN, privacy=True), Side(name="general", kinds=APIS)),
    ),
    Pattern(
        slug="fine-tuned-and-base",
        title="Fine-tuned models on own machines, base models from an API",
        says="Your own models run on your machines; models off the shelf come from an API.",
        sides=(
            Side(name="fine-tuned", kinds=OWN, custom_model=True),
            Side(name="base", kinds=APIS),
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One class of requests as the team wants it: its share, its bar, and who answers it."""

    name: str
    share: Decimal
    option: str
    least_quality: Decimal | None = None
    privacy: bool = False
    custom_model: bool = False

    def as_class(self) -> dict[str, Any]:
        """Return the class as the workload stores it."""
        return quality.as_class(
            name=self.name,
            share=self.share,
            least_quality=self.least_quality,
            privacy=self.privacy,
            custom_model=self.custom_model,
        )


def find(slug: str) -> Pattern | None:
    """Return the pattern of an address, None when there is none."""
    return next((each for each in PATTERNS if each.slug == slug), None)


def add_mix(
    decision: Decision,
    *,
    name: str,
    routes: Sequence[Route],
    by: User,
    at: datetime,
    version: int,
) -> Option:
    """Store the classes of requests and return a mix that routes each to its option."""
    if Workload.objects.filter(decision=decision).first() is None:
        raise drafts.Refused("", "Fill in the workload first: the shares are of its tokens.")
    if sum(route.share for route in routes) != 1:
        raise drafts.Refused("", "The shares of the classes must sum to 100 %.")
    if len({route.option for route in routes}) < len(routes):
        raise drafts.Refused("option_1", "Both classes go to the same option: that is no mix.")
    classes = [route.as_class() for route in routes]
    drafts.set_workload(decision, fields={"traffic": classes}, by=by, at=at, version=version)
    parts = [{"option": r.option, "share": float(r.share), "class": r.name} for r in routes]
    return drafts.add_option(
        decision,
        name=name,
        kind=Kind.HYBRID,
        figures={"parts": parts},
        by=by,
        at=at,
        version=decision.version,
    )
