"""How many GPUs does this load need, and what holds it back?

A replica is one copy of the model over one or more GPUs. Requests arrive at random: with L of
them in flight on average (Little's law, L = arrivals × time in the system), 99 moments in 100 see
no more than L + 2.33 √L. Latency breaks long before the cache's slots run out, so a queue for
slots (Erlang's formula) would be the wrong model. Utilisation is an outcome, never an input.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Required, TypedDict, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from decisions.formulas.layouts import Impossible
from decisions.formulas.replicas import (
    HOURS_PER_MONTH,
    Replica,
    replica,
    seconds_in_system,
)

__all__ = [
    "Capacity",
    "Impossible",
    "Replica",
    "Usage",
    "carried_per_hour",
    "peak_to_mean_of",
    "replica",
    "replicas_needed",
    "size",
]

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600

P99 = 2.33
"""Standard deviations above the mean below which a normal variable stays 99 % of the time."""

SPARE_FROM = 0.999
"""The availability from which one replica may fail without the service failing."""

Binding = Literal["memory", "throughput", "latency", "one replica", "redundancy"]


@dataclass(frozen=True)
class Capacity:
    """The GPUs for a load.

    ``utilisation`` is tokens ÷ what all the GPUs, spare ones too, make at full load.
    ``peak_concurrency`` is the requests in flight that the busiest hour stays below 99 % of the
    time. ``binding`` names what asks for the last GPU; ``says`` puts it all in a sentence.
    """

    gpus: int
    replicas: int
    spare_replicas: int
    utilisation: float
    fits: bool
    binding: Binding
    peak_concurrency: float
    says: str


@dataclass(frozen=True)
class _Demand:
    """What the busiest hour asks for."""

    peak_requests_per_s: float | NDArray[np.float64]
    peak_concurrent_requests: float | None
    spare_replicas: int


class Usage(TypedDict, total=False):
    """The arguments that ``size`` and ``replicas_needed`` share."""

    peak_to_mean: Required[float]
    peak_concurrent_requests: float | None
    hourly_tokens: Sequence[float] | None
    availability: float | None


def size(
    *,
    replica: Replica,
    tokens_per_month: float,
    replicas: int | None = None,
    **usage: Unpack[Usage],
) -> Capacity:
    """Return the GPUs that serve this load, or whether ``replicas`` copies do.

    ``tokens_per_month`` counts input and output. ``peak_to_mean`` is the busiest hour ÷ the mean
    hour, at least 1; ``hourly_tokens``, any number of hours of real use, replaces it.
    ``peak_concurrent_requests``, where the team knows it, replaces the P99 that Little's law
    gives. From ``availability`` 0.999 on, one more replica stands by.

    Raises ValueError for numbers out of range.
    """
    demand = _demand(replica, tokens_per_month, **usage)
    if replicas is not None and replicas < 1:
        raise ValueError(f"replicas: must be at least 1, got {replicas!r}")
    if not replica.fits:
        return _unservable(replica, replicas or 1)
    needed = int(_needed(replica, demand))
    have = replicas or needed + demand.spare_replicas
    spare = max(0, min(demand.spare_replicas, have - needed))
    found = Capacity(
        gpus=have * replica.tensor_parallel,
        replicas=have,
        spare_replicas=spare,
        utilisation=tokens_per_month / (have * replica.tokens_per_month_at_full_load),
        fits=have >= needed + demand.spare_replicas,
        binding=_binding(replica, demand, needed, have),
        peak_concurrency=_peak_concurrency(replica, demand, max(needed, have - spare)),
        says="",
    )
    return dataclasses.replace(found, says=_says(replica, found, needed, demand))


@overload
def replicas_needed(replica: Replica, tokens_per_month: float, **usage: Unpack[Usage]) -> int: ...
@overload
def replicas_needed(
    replica: Replica, tokens_per_month: NDArray[np.float64], **usage: Unpack[Usage]
) -> NDArray[np.int64]: ...
def replicas_needed(
    replica: Replica,
    tokens_per_month: float | NDArray[np.float64],
    **usage: Unpack[Usage],
) -> int | NDArray[np.int64]:
    """Return the copies that ``size`` would ask for, for one volume or an array of them.

    The other arguments are those of ``size``. Raises Impossible when not one copy can serve.
    """
    if not replica.fits:
        raise Impossible(replica.why)
    demand = _demand(replica, tokens_per_month, **usage)
    needed = _needed(replica, demand) + demand.spare_replicas
    return needed if isinstance(tokens_per_month, np.ndarray) else int(needed)


def carried_per_hour(replica: Replica) -> float:
    """Return the tokens, input and output, of the busiest hour that one copy may be given.

    What makes the tokens with the headroom to spare, or what its slots hold 99 moments in 100:
    the smaller of the two. Raises Impossible when not one copy can serve.
    """
    if not replica.fits:
        raise Impossible(replica.why)
    mean = mean_below_peak(replica.throughput.concurrency)
    by_throughput = replica.throughput.p50 / replica.load.output_tokens / (1 + replica.headroom)
    by_slots = mean / seconds_in_system(replica, mean)
    tokens_per_request = replica.load.input_tokens + replica.load.output_tokens
    return min(by_throughput, by_slots) * tokens_per_request * 3600


def peak_to_mean_of(hourly_tokens: Sequence[float]) -> float:
    """Return how many times the mean hour the busiest hour carries.

    >>> round(peak_to_mean_of([10] + [1] * 23), 1), peak_to_mean_of([10] * 8 + [1] * 16)
    (7.3, 2.5)
    """
    hours = np.asarray(hourly_tokens, dtype=np.float64)
    if hours.size == 0 or not np.isfinite(hours).all() or hours.min() < 0 or hours.max() == 0:
        raise ValueError("hourly_tokens: must be numbers of 0 or more, and not all 0")
    return float(hours.max() / hours.mean())


def mean_concurrency(replica: Replica, requests_per_s: float) -> float:
    """Return L of one replica: the L at which L = arrivals × W(L), by halving.

    Capped at what the replica can run at once; beyond it no finite L exists.
    """
    low, high = 0.0, float(replica.throughput.concurrency)
    for _ in range(60):
        middle = (low + high) / 2
        if middle < requests_per_s * seconds_in_system(replica, middle):
            low = middle
        else:
            high = middle
    return high


def mean_below_peak(peak: float) -> float:
    """Return the mean L whose 99th percentile L + 2.33 √L is this peak.

    >>> round(mean_below_peak(50 + 2.33 * 50**0.5), 6)
    50.0
    """
    root = (math.sqrt(P99**2 + 4 * peak) - P99) / 2
    return root**2


def _demand(
    replica: Replica,
    tokens_per_month: float | NDArray[np.float64],
    *,
    peak_to_mean: float,
    peak_concurrent_requests: float | None = None,
    hourly_tokens: Sequence[float] | None = None,
    availability: float | None = None,
) -> _Demand:
    ratio = peak_to_mean_of(hourly_tokens) if hourly_tokens is not None else peak_to_mean
    _check(tokens_per_month, ratio, peak_concurrent_requests, availability)
    tokens_per_request = replica.load.input_tokens + replica.load.output_tokens
    return _Demand(
        peak_requests_per_s=tokens_per_month * ratio / SECONDS_PER_MONTH / tokens_per_request,
        peak_concurrent_requests=peak_concurrent_requests,
        spare_replicas=int(availability is not None and availability >= SPARE_FROM),
    )


def _check(
    tokens_per_month: float | NDArray[np.float64],
    peak_to_mean: float,
    peak_concurrent_requests: float | None,
    availability: float | None,
) -> None:
    if not (np.isfinite(tokens_per_month).all() and np.min(tokens_per_month) >= 0):
        raise ValueError("tokens_per_month: must be 0 or more")
    if not (peak_to_mean >= 1 and math.isfinite(peak_to_mean)):
        raise ValueError(f"peak_to_mean: must be at least 1, got {peak_to_mean!r}")
    peak = peak_concurrent_requests
    if peak is not None and not (peak >= 0 and math.isfinite(peak)):
        raise ValueError(f"peak_concurrent_requests: must be 0 or more, got {peak!r}")
    if availability is not None and not 0 <= availability < 1:
        raise ValueError(f"availability: must be from 0 to below 1, got {availability!r}")


def _needed(replica: Replica, demand: _Demand) -> NDArray[np.int64]:
    """Return the copies for the busiest hour, without a spare; one at least."""
    most = np.maximum(_for_throughput(replica, demand), _for_slots(replica, demand))
    return np.maximum(1.0, most).astype(np.int64)


def _for_throughput(replica: Replica, demand: _Demand) -> NDArray[np.float64]:
    """Return the copies that make the busiest hour's tokens with the headroom to spare."""
    full_rate = replica.throughput.p50 / replica.load.output_tokens
    rate = np.asarray(demand.peak_requests_per_s, dtype=np.float64)
    return np.ceil(rate * (1 + replica.headroom) / full_rate)


def _for_slots(replica: Replica, demand: _Demand) -> NDArray[np.float64]:
    """Return the copies that run the busiest hour's requests at once, 99 moments in 100.

    Each copy sees arrivals of its own, so the 99th percentile is taken per copy.
    """
    slots = replica.throughput.concurrency
    rate = np.asarray(demand.peak_requests_per_s, dtype=np.float64)
    if demand.peak_concurrent_requests is not None:
        return np.full_like(rate, math.ceil(demand.peak_concurrent_requests / slots))
    mean = mean_below_peak(slots)
    return np.ceil(rate * seconds_in_system(replica, mean) / mean)


def _binding(replica: Replica, demand: _Demand, needed: int, have: int) -> Binding:
    """Name what asks for the last replica; one over several GPUs is there for its memory."""
    if demand.spare_replicas and have >= needed:
        return "redundancy"
    if needed == 1:
        return "memory" if replica.tensor_parallel > 1 else "one replica"
    if replica.latency_limits:
        return "latency"
    slots_ask_more = _for_slots(replica, demand) > _for_throughput(replica, demand)
    return "memory" if slots_ask_more else "throughput"


def _peak_concurrency(replica: Replica, demand: _Demand, serving: int) -> float:
    """Return the requests in flight over all copies that are passed 1 moment in 100 only."""
    if demand.peak_concurrent_requests is not None:
        return demand.peak_concurrent_requests
    each = float(demand.peak_requests_per_s) / serving
    mean = serving * mean_concurrency(replica, each)
    return mean + P99 * math.sqrt(mean)


def _unservable(replica: Replica, replicas: int) -> Capacity:
    held = replica.throughput.max_concurrent_requests
    return Capacity(
        gpus=replicas * replica.tensor_parallel,
        replicas=replicas,
        spare_replicas=0,
        utilisation=0.0,
        fits=False,
        binding="latency" if held else "memory",
        peak_concurrency=0.0,
        says=replica.why,
    )


def _says(replica: Replica, found: Capacity, needed: int, demand: _Demand) -> str:
    """Put a capacity into a sentence for people."""
    each = f"{replica.tensor_parallel} GPU{'s' if replica.tensor_parallel > 1 else ''}"
    text = f"{found.replicas} × {each}, busy {found.utilisation:.1%} of what they can do"
    if not found.fits:
        short = needed + demand.spare_replicas
        return f"{text}; the busiest hour needs {short} replicas ({found.binding})"
    reasons = {
        "redundancy": "one replica stands by so that another may fail",
        "memory": "memory asks for them",
        "latency": "the latency target asks for them",
        "throughput": "the busiest hour's tokens ask for them",
        "one replica": "one replica is the least there is",
    }
    return f"{text}; {reasons[found.binding]}"
