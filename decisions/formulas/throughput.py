"""How many tokens a second does one replica make, and how long does a person wait?

One page of physics. A step makes one token for every running request: it reads the weights and
the caches, or is held up by arithmetic; each layer adds a fixed launch time, and GPUs that share a
replica exchange partial results. Prompts take their share of the same GPUs.

The first five constants were fitted on 59 public runs; on 277 others of dense 70B models they
missed by 13 % (median). The exchange has no constant of its own. FP4_FLOPS_SHARE, the queue and
the range for mixtures were set here, on rows of the measurements file that say so;
`manage.py accuracy` prints the error on those rows and on the rest. The model is weak on mixtures
of experts and blind to an engine's settings, so it always gives a range and a grade (`bands`).
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from decisions import support
from decisions.catalogue import Gpu, Model, Quantization, Server
from decisions.catalogue import server as server_called
from decisions.formulas import layouts
from decisions.formulas.bands import Band, Grade, band_for, grade
from decisions.formulas.memory import bytes_per_kv_value, kv_bytes_per_token, kv_copies, memory

WEIGHT_READ_EFFICIENCY = 0.92
KV_READ_EFFICIENCY = 0.775
DECODE_FLOPS_EFFICIENCY = 0.335
PREFILL_FLOPS_EFFICIENCY = 0.58
SECONDS_PER_LAYER = 83e-6

FP4_FLOPS_SHARE = 0.5
"""Share of a maker's FP4 figure that counts: public B200 runs are no faster than at FP8."""

QUEUE_PER_PREFILL = 0.3
QUEUE_SECONDS = 0.020


@dataclass(frozen=True)
class Throughput:
    """What one replica does at ``concurrency`` running requests.

    ``p10``, ``p50``, ``p90`` are output tokens per second of the whole replica; times are the
    median's. All are 0, and the times None, where not one request fits into memory.
    """

    p10: float
    p50: float
    p90: float
    ttft_ms: float | None
    tpot_ms: float | None
    evidence: Grade
    max_concurrent_requests: int
    concurrency: float


@dataclass(frozen=True)
class Load:
    """One replica and the shape of its requests: all that the physics needs to know."""

    model: Model
    quantization: Quantization
    gpu: Gpu
    tensor_parallel: int
    input_tokens: float
    output_tokens: float
    kv_dtype: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would give nonsense: nothing to read, nothing to write, no GPU."""
        for field in ("tensor_parallel", "input_tokens", "output_tokens"):
            value = getattr(self, field)
            if not (value >= 1 and math.isfinite(value)):
                raise ValueError(f"{field}: must be a number of at least 1, got {value!r}")
        bytes_per_kv_value(self.kv_dtype)

    @property
    def bandwidth(self) -> float:
        """Bytes per second that all GPUs of the replica read together."""
        return self.tensor_parallel * self.gpu.bandwidth_bytes_per_s

    @property
    def flops(self) -> float:
        """FLOP/s of all GPUs together in the weights' format; bf16 where they have no unit."""
        by_format = {
            "fp8": self.gpu.fp8_flops,
            "int8": self.gpu.int8_flops,
            "fp4": self.gpu.fp4_flops and self.gpu.fp4_flops * FP4_FLOPS_SHARE,
        }
        per_gpu = by_format.get(self.quantization.arithmetic) or self.gpu.bf16_flops
        return self.tensor_parallel * per_gpu

    @property
    def mean_context(self) -> float:
        """Tokens of context that a running request has on average: half-way through its answer."""
        return self.input_tokens + self.output_tokens / 2


def weights_read_bytes(load: Load, concurrency: float) -> float:
    """Return the bytes of weights that one step reads.

    A dense model reads all. A mixture reads its shared part and the experts that at least one of
    the running requests picked: experts × (1 − (1 − k/E)^B).
    """
    model = load.model
    touched = 0.0
    if model.is_mixture:
        untouched = (1 - model.experts_active / model.experts) ** concurrency
        touched = model.experts * (1 - untouched)
    shared = model.params_active - model.experts_active * model.params_per_expert
    params = shared + touched * model.params_per_expert
    return params * load.quantization.bits_per_weight / 8


def _kv_read_bytes(load: Load, concurrency: float) -> float:
    per_token = kv_bytes_per_token(model=load.model, kv_dtype=load.kv_dtype)
    copies = kv_copies(model=load.model, tensor_parallel=load.tensor_parallel)
    return concurrency * _context_read(load) * per_token * copies


def _context_read(load: Load) -> float:
    """Return the tokens of context that a step reads, as a mean over the layers with a cache.

    A sliding layer reads its window only. Memory still counts it as full: not every server frees
    what lies before the window.
    """
    model, context = load.model, load.mean_context
    if not model.sliding_layers or model.sliding_window is None:
        return context
    sliding = min(1.0, model.sliding_layers / model.layers_with_kv)
    return (1 - sliding) * context + sliding * min(context, model.sliding_window)


def exchange_seconds(load: Load) -> float:
    """Return the time per token in which the GPUs of a replica add up their partial results.

    Two sums a layer, each of ``hidden`` 16-bit numbers; a ring sends 2 × (N − 1) ÷ N of that
    over each GPU's link. 0 on one GPU.
    """
    degree = load.tensor_parallel
    if degree == 1 or load.gpu.link_bytes_per_s is None:
        return 0.0
    summed = 2 * load.model.layers * load.model.hidden * 2
    return summed * 2 * (degree - 1) / degree / load.gpu.link_bytes_per_s


def step_seconds(load: Load, concurrency: float) -> float:
    """Return the time of one decode step: memory or arithmetic, plus launching each layer."""
    weights = weights_read_bytes(load, concurrency) / WEIGHT_READ_EFFICIENCY
    cache = _kv_read_bytes(load, concurrency) / KV_READ_EFFICIENCY
    flop = 2 * load.model.params_active * concurrency
    reading = (weights + cache) / load.bandwidth
    computing = flop / (load.flops * DECODE_FLOPS_EFFICIENCY)
    launching = load.model.layers * SECONDS_PER_LAYER
    return max(reading, computing) + concurrency * exchange_seconds(load) + launching


def prefill_seconds(load: Load) -> float:
    """Return the time to read one prompt: its parameters' and its attention's arithmetic."""
    attention = 2 * load.model.layers * load.model.hidden * load.input_tokens**2
    flop = 2 * load.model.params_active * load.input_tokens + attention
    computing = flop / (load.flops * PREFILL_FLOPS_EFFICIENCY)
    return computing + load.input_tokens * exchange_seconds(load)


def tpot_seconds(load: Load, concurrency: float) -> float:
    """Return the time per output token: a step, and the prompts read between two steps."""
    prompts_per_step = concurrency / load.output_tokens
    return step_seconds(load, concurrency) + prompts_per_step * prefill_seconds(load)


def ttft_seconds(load: Load, concurrency: float) -> float:
    """Return the time to the first token: queue, the prompt itself and one step.

    Requests arrive in clumps, so the queue grows with the spread √B of what is running. Its two
    constants were fitted on the 9 public runs of our calibration rows that state this time.
    """
    prefill = prefill_seconds(load)
    clump = math.sqrt(max(1.0, concurrency)) - 1
    queue = clump * (QUEUE_PER_PREFILL * prefill + QUEUE_SECONDS)
    return queue + prefill + step_seconds(load, concurrency)


def ceiling_tokens_per_s(load: Load, concurrency: float) -> float:
    """Return the output tokens per second that the memory's bandwidth allows at most.

    >>> from decisions.catalogue import gpu, model, quantization
    >>> llama = Load(model("Llama-3.3-70B"), quantization("fp8"), gpu("H100"), 1, 1000, 300)
    >>> round(ceiling_tokens_per_s(llama, 1), 1)
    47.2
    """
    read = weights_read_bytes(load, concurrency) + _kv_read_bytes(load, concurrency)
    return concurrency * load.bandwidth / read


def most_running(load: Load, server: Server) -> int:
    """Return how many requests run at once when more are waiting, at their mean context.

    Paged caches grow with the answer, so more requests run than would fit at full length.
    """
    half_grown = replace(load, output_tokens=max(1.0, load.output_tokens / 2))
    return min(_held(half_grown), server.max_running_requests)


def _held(load: Load) -> int:
    return memory(
        model=load.model,
        quantization=load.quantization,
        gpu=load.gpu,
        tensor_parallel=load.tensor_parallel,
        input_tokens=load.input_tokens,
        output_tokens=load.output_tokens,
        kv_dtype=load.kv_dtype,
    ).max_concurrent_requests


def estimate(
    *,
    model: Model,
    quantization: Quantization,
    gpu: Gpu,
    tensor_parallel: int,
    input_tokens: float,
    output_tokens: float,
    concurrency: float | Literal["max"],
    server: str = "vllm",
    tuned: bool = True,
    kv_dtype: str | None = None,
) -> Throughput:
    """Return what one replica does with so many requests in flight.

    "max" is as many as memory holds at full length, at most the server's own limit. Requests
    beyond what can run wait, which shows in the time to the first token. ``tuned=False`` is an
    engine at its default settings. Raises ValueError for counts below 1, Impossible for GPUs that
    the model cannot be split over, Unsupported for what the server does not run, and UnknownName
    for a server or cache format.
    """
    engine = server_called(server)
    support.check(engine, gpu, quantization)
    load = Load(model, quantization, gpu, tensor_parallel, input_tokens, output_tokens, kv_dtype)
    layouts.check(
        model, gpu, tensor_parallel, single_fits=_held(replace(load, tensor_parallel=1)) > 0
    )
    holds = min(_held(load), engine.max_running_requests)
    in_flight = float(holds if concurrency == "max" else concurrency)
    evidence = grade(model=model, gpu=gpu, server=engine, tuned=tuned)
    if concurrency != "max" and not (in_flight >= 1 and math.isfinite(in_flight)):
        raise ValueError(f"concurrency: must be at least 1 or 'max', got {concurrency!r}")
    if holds == 0:
        return Throughput(0.0, 0.0, 0.0, None, None, evidence, 0, 0.0)
    result = at_concurrency(
        load,
        running=min(in_flight, most_running(load, engine)),
        band=band_for(model=model, server=engine, tuned=tuned),
        evidence=evidence,
        max_concurrent_requests=holds,
    )
    return _with_waiting(result, in_flight, output_tokens)


def at_concurrency(
    load: Load,
    *,
    running: float,
    band: Band,
    evidence: Grade,
    max_concurrent_requests: int,
) -> Throughput:
    """Return the throughput at so many running requests, its band capped by the bandwidth."""
    tpot = tpot_seconds(load, running)
    ceiling = ceiling_tokens_per_s(load, running)
    p10, p50, p90 = (min(share * running / tpot, ceiling) for share in band)
    slower = running / tpot / p50
    return Throughput(
        p10=p10,
        p50=p50,
        p90=p90,
        ttft_ms=1000 * slower * ttft_seconds(load, running),
        tpot_ms=1000 * running / p50,
        evidence=evidence,
        max_concurrent_requests=max_concurrent_requests,
        concurrency=running,
    )


def _with_waiting(result: Throughput, in_flight: float, output_tokens: float) -> Throughput:
    """Add what requests that cannot run yet wait, by Little's law, to the first token's time."""
    waiting = in_flight - result.concurrency
    if waiting <= 0 or result.ttft_ms is None:
        return result
    seconds = waiting * output_tokens / result.p50
    return replace(result, ttft_ms=result.ttft_ms + 1000 * seconds)
