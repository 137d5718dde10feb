"""What an evaluation found: the figures of each option, and what follows from comparing them.

Money is exact ``Decimal`` and is rounded only where it is shown.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from decisions.formulas.capacity import Replica
from decisions.formulas.lines import Bill, Line
from decisions.formulas.ranges import Ranges
from decisions.question import Option, Question


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How one option with GPUs serves its share of the workload.

    None where it is not known: an option without model or GPU type has a price, but no capacity.
    """

    option: Option
    share: Decimal
    gpus: int | None = None
    replicas: int | None = None
    utilisation: float | None = None
    fits: bool | None = None
    binding: str | None = None
    says: str = ""
    replica: Replica | None = None


@dataclass(frozen=True, kw_only=True)
class OptionFigures:
    """Every figure of one option. Money per month unless the name says otherwise."""

    option: Option
    lines: tuple[Line, ...]
    per_month: Bill
    one_off: Decimal
    npv_cost: Decimal
    per_mtok: Decimal | None
    serving: tuple[Serving, ...]
    # What is still owed for it when it is left.
    leaving: Decimal = Decimal(0)
    downtime_hours: Decimal = Decimal(0)
    dominated_by: tuple[str, ...] = ()
    regret_per_month: Decimal = Decimal(0)

    @property
    def name(self) -> str:
        """The option's name."""
        return self.option.name

    @property
    def total(self) -> Decimal:
        """The whole bill of a month at today's volume."""
        return self.per_month.total

    @property
    def run_rate_year(self) -> Decimal:
        """Twelve months at today's volume."""
        return self.total * 12

    @property
    def year_1(self) -> Decimal:
        """The one-off cost and twelve months."""
        return self.one_off + self.run_rate_year

    @property
    def is_self_hosted(self) -> bool:
        """Whether some of it runs on machines that the team keeps going itself."""
        return any(leaf.kind.is_self_hosted for leaf, _ in self.option.leaves())

    @property
    def is_api(self) -> bool:
        """Whether all of it is billed per token."""
        return all(leaf.kind.is_api for leaf, _ in self.option.leaves())

    @property
    def fits(self) -> bool | None:
        """Whether everything in it can carry its share; None when that is not known."""
        known = [each.fits for each in self.serving]
        if False in known:
            return False
        return None if None in known else True


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """A volume, in tokens a month, at which the cheaper of two options changes.

    ``bills`` are both bills there: equal, unless one of them takes a step at this volume.
    """

    between: tuple[str, str]
    tokens_per_month: float
    cheaper_above: str
    within_capacity: bool | None
    at_step: bool
    bills: tuple[Decimal, Decimal]


@dataclass(frozen=True, kw_only=True)
class Payback:
    """What it brings to go from one option to another. ``months`` is None when it saves nothing."""

    old: str
    new: str
    months: Decimal | None
    saves_per_month: Decimal
    saves_year_1: Decimal
    saves_later_years: Decimal
    saves_npv: Decimal
    saved_after_6_months: Decimal


@dataclass(frozen=True, kw_only=True)
class Flip:
    """When drifting bills make the chosen option dearer than another, in months from today.

    ``cost_by_review`` is what it costs until the next quarterly review, ``cost_by_horizon`` what
    it costs when nobody looks again.
    """

    chosen: str
    other: str
    month: float
    cost_by_review: Decimal
    cost_by_horizon: Decimal


@dataclass(frozen=True, kw_only=True)
class Found:
    """A mistake that a detector found."""

    id: str
    severity: str
    where: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What the figures say to one of the nine questions. The answer is None when they are silent."""

    answer: str | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One reason for or against self-hosting, read from the workload, with its figure.

    ``direction`` is "for", "against", "neutral", or "unknown" where nothing was stated.
    """

    id: str
    topic: str
    direction: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The nine answers read together: how many are yes, and which gates are missing."""

    yes: int
    of: int
    gates_missing: tuple[str, ...]
    says: str


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Everything found for one question."""

    question: Question
    figures: tuple[OptionFigures, ...]
    ranking: tuple[str, ...]
    break_evens: tuple[BreakEven, ...]
    paybacks: tuple[Payback, ...]
    flips: tuple[Flip, ...] = ()
    uncertainty: Ranges | None = None
    mistakes: tuple[Found, ...] = ()
    findings: tuple[Finding, ...] = ()
    suggestions: dict[str, Suggestion] | None = None
    reading: Reading | None = None
    advice: str = ""
    assumed: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, OptionFigures]:
        """The figures by option."""
        return {each.name: each for each in self.figures}

    @property
    def cheapest(self) -> OptionFigures:
        """The option with the smallest bill a month."""
        return min(self.figures, key=lambda each: each.total)

    @property
    def subject(self) -> OptionFigures:
        """The option under scrutiny: the chosen one, or the first of the ranking."""
        return self.by_name[self.question.chosen or self.ranking[0]]
