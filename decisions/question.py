"""What is asked: a workload, its people, and the options to compare.

Everything here has been validated and has its defaults filled in; None means "not stated".
Money and shares are ``Decimal``; tokens are single tokens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from decisions.formulas.bills import TokenPrices, TokenVolume
from decisions.formulas.capacity import Replica, peak_to_mean_of
from decisions.formulas.commitment import Commitment
from decisions.formulas.owned import Ownership
from decisions.formulas.spot import Spot


class Kind(StrEnum):
    """The ways to have inference done."""

    CLOSED_API = "closed_api"
    MANAGED_OPEN = "managed_open"
    SERVERLESS_GPU = "serverless_gpu"
    RENTED_GPU = "rented_gpu"
    RESERVED_GPU = "reserved_gpu"
    OWNED_GPU = "owned_gpu"
    HYBRID = "hybrid"

    @property
    def is_api(self) -> bool:
        """Billed per token."""
        return self in {Kind.CLOSED_API, Kind.MANAGED_OPEN}

    @property
    def has_gpus(self) -> bool:
        """Billed for machines."""
        return not self.is_api and self is not Kind.HYBRID

    @property
    def is_self_hosted(self) -> bool:
        """Run on machines that the team itself keeps going."""
        return self in {Kind.RENTED_GPU, Kind.RESERVED_GPU, Kind.OWNED_GPU}


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A month of inference: its tokens, the shape of a request, and how it swings."""

    volume: TokenVolume
    mean_input_tokens: float
    mean_output_tokens: float
    peak_to_mean: float
    headroom: float
    growth_per_month: Decimal
    peak_concurrent_requests: float | None = None
    hourly_tokens: tuple[float, ...] | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    availability: float | None = None

    @property
    def tokens_per_month(self) -> Decimal:
        """Input and output tokens of today's month."""
        return self.volume.total

    @cached_property
    def swing(self) -> float:
        """Peak hour over mean hour: from the hourly profile where there is one."""
        if not self.hourly_tokens:
            return self.peak_to_mean
        return peak_to_mean_of(self.hourly_tokens)

    def with_peak(self, peak_to_mean: float | None) -> "Workload":
        """Return the workload as machines see it to which the peaks above this are not sent."""
        if peak_to_mean is None:
            return self
        return replace(
            self, peak_to_mean=peak_to_mean, hourly_tokens=None, peak_concurrent_requests=None
        )


@dataclass(frozen=True, kw_only=True)
class Machines:
    """The GPUs of an option. Without ``gpus`` their number follows from the capacity model.

    ``replica`` is what one copy of the model needs and does; None when the GPU or the model is
    not stated, and then nothing is known about capacity. ``estimate`` is the same
    with a tuned server and without the team's own measurement. ``peak_to_mean`` is stated where
    only a base load reaches them, because the peaks go elsewhere.
    """

    gpus: int | None
    replicas: int | None
    price_per_gpu_hour: Decimal | None
    hours_per_month: Decimal
    hours_stated: bool
    upfront_cost: Decimal
    term_months: int | None
    gpu: str | None = None
    model: str | None = None
    quantization: str | None = None
    tuned: bool = True
    peak_to_mean: float | None = None
    replica: Replica | None = None
    estimate: Replica | None = None


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What is spent once: a sum, or weeks of some people's time."""

    cost: Decimal
    weeks: Decimal | None = None
    people: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """The option that answers when this one cannot, and the share of tokens it takes anyway."""

    option: str
    share: Decimal


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a hybrid and the share of the tokens (or of the spend) that it takes.

    ``traffic`` names the class of requests that is sent there, where the shares are of classes.
    """

    option: "Option"
    share: Decimal
    traffic: str | None = None


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way to serve the workload."""

    name: str
    kind: Kind
    prices: TokenPrices | None = None
    machines: Machines | None = None
    ownership: Ownership | None = None
    spot: Spot | None = None
    parts: tuple[Part, ...] = ()
    monthly_cost: Decimal | None = None
    price_drift_per_month: Decimal = Decimal(0)
    setup: Setup = Setup(cost=Decimal(0))
    ops_fte: Decimal = Decimal(0)
    other_monthly: Decimal = Decimal(0)
    fallback: Fallback | None = None
    commitment: Commitment | None = None
    model: str | None = None
    runs_privately: bool = False
    custom_model: bool = False
    quality: float | None = None
    quality_before: float | None = None
    quality_by_class: Mapping[str, float] = field(default_factory=dict)
    ttft_ms: float | None = None
    tpot_ms: float | None = None

    def leaves(self, share: Decimal = Decimal(1)) -> Iterator[tuple["Option", Decimal]]:
        """Yield the options that do the work, each with its share: a hybrid's parts, else itself."""
        if not self.parts:
            yield self, share
        for part in self.parts:
            yield from part.option.leaves(share * part.share)

    def answering(self, traffic: str) -> Iterator["Option"]:
        """Yield the options that answer a class of requests: all of them where none is named."""
        if not self.parts:
            yield self
        named = [part for part in self.parts if part.traffic == traffic]
        for part in named or self.parts:
            yield from part.option.answering(traffic)


@dataclass(frozen=True, kw_only=True)
class TrafficClass:
    """A kind of requests: its share of the tokens, and what whoever answers it must be able to do."""

    name: str
    share: Decimal
    least_quality: float | None = None
    privacy: bool = False
    custom_model: bool = False


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What an option must be able to do, as far as the team has stated it.

    ``regions`` is where the users are, ``changes_per_quarter`` how often another model or
    configuration is tried; both are read as findings and rule nothing out.
    """

    privacy: bool = False
    custom_model: bool = False
    frontier_quality: bool = False
    api_only: bool = False
    least_quality: float | None = None
    regions: int | None = None
    changes_per_quarter: float | None = None
    traffic: tuple[TrafficClass, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Care:
    """One part of the reliability plan: who looks after it, when it was last tried, what it costs."""

    owner: str = ""
    tested_on: date | None = None
    monthly_cost: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A team's answer to one of the nine questions, with what stands behind it."""

    answer: str
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything that one evaluation needs, and which of it was assumed."""

    currency: str
    horizon_months: int
    discount_rate_per_year: Decimal
    workload: Workload
    loaded_cost_per_fte_year: Decimal
    options: tuple[Option, ...]
    chosen: str | None = None
    requirements: Requirements = Requirements()
    answers: dict[str, Answer] = field(default_factory=dict)
    as_of: date | None = None
    last_reviewed_on: date | None = None
    quality_measured_on: date | None = None
    reliability: Mapping[str, Care] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Option]:
        """The options by their names."""
        return {option.name: option for option in self.options}
