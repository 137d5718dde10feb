"""Over how many GPUs should one copy of the model run, and what does it then serve?"""

import math
from dataclasses import dataclass, replace

from decisions import catalogue
from decisions.catalogue import Gpu, Model, Quantization
from decisions.formulas import layouts
from decisions.formulas.bands import band_for, grade
from decisions.formulas.layouts import Impossible
from decisions.formulas.memory import Memory, memory
from decisions.formulas.throughput import (
    Load,
    Throughput,
    at_concurrency,
    prefill_seconds,
    tpot_seconds,
)

HOURS_PER_MONTH = 730
WORTH_SPLITTING = 0.7
"""Take the smallest degree that makes this share of the best degree's tokens per GPU."""


@dataclass(frozen=True)
class Replica:
    """One copy of the model, at the highest concurrency that its latency targets allow.

    ``tokens_per_month_at_full_load`` counts input and output at the request's shape over 730 h.
    ``fits`` is False when the weights, one request or the latency targets do not go; ``why`` says
    it in words. ``replicas`` is how many copies the named GPUs make, None when none were named.
    ``slowdown`` is measured or typical time ÷ the bare model's.
    """

    tensor_parallel: int
    memory: Memory
    throughput: Throughput
    tokens_per_month_at_full_load: float
    fits: bool
    why: str
    replicas: int | None
    load: Load
    slowdown: float
    headroom: float

    @property
    def latency_limits(self) -> bool:
        """Whether a latency target allows fewer requests at once than memory holds."""
        return self.throughput.concurrency < self.throughput.max_concurrent_requests


@dataclass(frozen=True)
class _Wish:
    """What is asked of each degree of tensor parallelism alike."""

    server: catalogue.Server
    tuned: bool
    ttft_ms: float | None
    tpot_ms: float | None
    measured_output_tokens_per_s: float | None
    headroom: float

    def __post_init__(self) -> None:
        """Refuse targets and measurements that are not above 0, and a negative headroom."""
        _check_above_0(
            ttft_ms=self.ttft_ms,
            tpot_ms=self.tpot_ms,
            measured_output_tokens_per_s=self.measured_output_tokens_per_s,
        )
        if not (self.headroom >= 0 and math.isfinite(self.headroom)):
            raise ValueError(f"headroom: must be 0 or more, got {self.headroom!r}")


def replica(
    *,
    model: Model,
    quantization: Quantization,
    gpu: Gpu,
    gpus: int | None,
    tensor_parallel: int | None = None,
    mean_input_tokens: float,
    mean_output_tokens: float,
    ttft_ms: float | None = None,
    tpot_ms: float | None = None,
    server: str = "vllm",
    tuned: bool = True,
    measured_output_tokens_per_s: float | None = None,
    headroom: float = 0.5,
    kv_dtype: str | None = None,
) -> Replica:
    """Return one copy of the model on as many GPUs as serve it well.

    Without ``tensor_parallel`` it is the smallest degree that makes nearly the most tokens per
    GPU, among those that share out the named ``gpus`` evenly where that works.
    ``measured_output_tokens_per_s``, per replica at this shape, replaces the estimate (grade A).
    ``headroom`` 0.5 loads a replica to 1 ÷ 1.5 = 67 % at the peak.

    Raises Impossible for a layout that cannot run, ValueError for numbers out of range and
    UnknownName for a server or cache format.

    >>> from decisions.catalogue import gpu, model, quantization
    >>> one = replica(model=model("Llama-3.3-70B"), quantization=quantization("fp8"),
    ...     gpu=gpu("H100"), gpus=2, mean_input_tokens=1000, mean_output_tokens=300)
    >>> one.tensor_parallel, one.replicas, one.memory.max_concurrent_requests
    (2, 1, 189)
    """
    _check_above_0(gpus=gpus, tensor_parallel=tensor_parallel)
    engine = catalogue.server(server)
    wish = _Wish(engine, tuned, ttft_ms, tpot_ms, measured_output_tokens_per_s, headroom)
    whole = Load(model, quantization, gpu, 1, mean_input_tokens, mean_output_tokens, kv_dtype)
    estimated = replace(wish, measured_output_tokens_per_s=None)
    tried = [
        _on(replace(whole, tensor_parallel=degree), gpus, estimated)
        for degree in _degrees(whole, gpus, tensor_parallel, wish)
    ]
    return _on(_best(tried, gpus).load, gpus, wish)


def seconds_in_system(one: Replica, concurrency: float) -> float:
    """Return W: the seconds a request takes with so many in flight, prompt and answer."""
    load = one.load
    answer = load.output_tokens * tpot_seconds(load, concurrency)
    return one.slowdown * (prefill_seconds(load) + answer)


def _check_above_0(**numbers: float | None) -> None:
    for name, value in numbers.items():
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name}: must be above 0, got {value!r}")


def _degrees(whole: Load, gpus: int | None, wanted: int | None, wish: _Wish) -> list[int]:
    """Return the degrees to try; raise Impossible when what was wanted cannot run."""
    if wanted is None:
        valid = layouts.valid_degrees(whole.model, whole.gpu)
        return [degree for degree in valid if gpus is None or degree <= gpus]
    layouts.check(whole.model, whole.gpu, wanted, single_fits=_on(whole, None, wish).fits)
    if gpus is not None and gpus < wanted:
        raise Impossible(f"tensor parallel {wanted} needs {wanted} GPUs; there are {gpus}")
    return [wanted]


def _on(load: Load, gpus: int | None, wish: _Wish) -> Replica:
    """Return the replica on this many GPUs, whether it fits or not."""
    held = memory(
        model=load.model,
        quantization=load.quantization,
        gpu=load.gpu,
        tensor_parallel=load.tensor_parallel,
        input_tokens=load.input_tokens,
        output_tokens=load.output_tokens,
        kv_dtype=load.kv_dtype,
    )
    most = min(held.max_concurrent_requests, wish.server.max_running_requests)
    running = _highest_concurrency(load, most, wish)
    made = _throughput(load, running, most, wish)
    tokens = made.p50 * (1 + load.input_tokens / load.output_tokens)
    return Replica(
        tensor_parallel=load.tensor_parallel,
        memory=held,
        throughput=made,
        tokens_per_month_at_full_load=tokens * 3600 * HOURS_PER_MONTH,
        fits=running > 0,
        why=_why(load, held, running, wish),
        replicas=None if gpus is None else gpus // load.tensor_parallel,
        load=load,
        slowdown=_slowdown(load, made),
        headroom=wish.headroom,
    )


def _throughput(load: Load, running: int, most: int, wish: _Wish) -> Throughput:
    """Return the throughput at so many requests; the team's own measurement where it has one."""
    evidence = grade(model=load.model, gpu=load.gpu, server=wish.server, tuned=wish.tuned)
    if running == 0:
        return Throughput(0.0, 0.0, 0.0, None, None, evidence, most, 0.0)
    made = at_concurrency(
        load,
        running=running,
        band=band_for(model=load.model, server=wish.server, tuned=wish.tuned),
        evidence=evidence,
        max_concurrent_requests=most,
    )
    own = wish.measured_output_tokens_per_s
    if own is None or made.ttft_ms is None or made.tpot_ms is None:
        return made
    slower = made.p50 / own
    return replace(
        made,
        p10=own,
        p50=own,
        p90=own,
        ttft_ms=made.ttft_ms * slower,
        tpot_ms=made.tpot_ms * slower,
        evidence="A",
    )


def _highest_concurrency(load: Load, most: int, wish: _Wish) -> int:
    """Return the highest concurrency that meets the latency targets; 0 when not even one does.

    Both times only grow with the concurrency, so the interval can be halved.
    """
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if _in_time(_throughput(load, middle, most, wish), wish):
            low = middle
        else:
            high = middle - 1
    return low


def _in_time(made: Throughput, wish: _Wish) -> bool:
    ttft, tpot = made.ttft_ms or 0.0, made.tpot_ms or 0.0
    return ttft <= (wish.ttft_ms or math.inf) and tpot <= (wish.tpot_ms or math.inf)


def _slowdown(load: Load, made: Throughput) -> float:
    if not made.p50:
        return 1.0
    return made.concurrency / tpot_seconds(load, made.concurrency) / made.p50


def _why(load: Load, held: Memory, running: int, wish: _Wish) -> str:
    """Say in words what the replica holds, or what is missing."""
    where = f"{load.tensor_parallel} × {load.gpu.name}"
    if held.kv_pool_gb <= 0:
        return f"{held.weights_gb:.1f} GB of weights are {-held.kv_pool_gb:.1f} GB too many for {where}"
    if held.max_concurrent_requests == 0:
        return f"the weights fit on {where}, but {held.kv_pool_gb:.1f} GB of cache hold not one request"
    if running == 0:
        return f"{where} cannot meet the latency target even for one request at a time"
    text = f"{where}: {held.max_concurrent_requests} requests fit beside the weights"
    return text + _copies(load)


def _copies(load: Load) -> str:
    """Say it when the GPUs hold the cache more than once."""
    if load.tensor_parallel > 1 and load.model.mla_latent_rank is not None:
        return "; each GPU keeps the whole latent cache"
    if load.tensor_parallel > load.model.kv_heads:
        return f"; {load.model.kv_heads} KV heads are copied to {load.tensor_parallel} GPUs"
    return ""


def _best(tried: list[Replica], gpus: int | None) -> Replica:
    """Return the smallest replica worth its GPUs; the largest tried when none fits.

    Where GPUs were named, layouts that leave none of them idle come first.
    """
    fitting = [one for one in tried if one.fits]
    even = [one for one in fitting if gpus is None or gpus % one.tensor_parallel == 0] or fitting
    if not even:
        return tried[-1]
    best = max(map(_tokens_per_gpu, even))
    return next(one for one in even if _tokens_per_gpu(one) >= WORTH_SPLITTING * best)


def _tokens_per_gpu(one: Replica) -> float:
    return one.throughput.p50 / one.tensor_parallel
