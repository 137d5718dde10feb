"""Does the model fit, and how many requests fit beside it?

GB is 1e9 bytes; makers who print "80GB" for 80 GiB mean 85.9 GB, and the catalogue says so.
"""

from dataclasses import dataclass

from decisions.catalogue import Gpu, Model, Quantization, UnknownName

USABLE_SHARE = 0.92
"""Share of a GPU's memory that a server may take: vLLM's ``gpu_memory_utilization`` default."""

RUNTIME_GB = 3.5
"""Memory per GPU for CUDA, activations and captured graphs, in GB."""

RUNTIME_GB_RANGE = (1.6, 9.7)
"""What servers really take per GPU, lowest and highest seen: 1.5 to 9 GiB, in GB."""

_KV_BYTES = {"auto": 2.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "fp8_e4m3": 1.0, "fp8_e5m2": 1.0}


@dataclass(frozen=True)
class Memory:
    """What one replica's memory holds.

    ``weights_gb`` and ``kv_pool_gb`` are GB over all GPUs of the replica; a negative pool is what
    is missing for the weights. ``kv_bytes_per_token`` is bytes per token of context.
    ``max_concurrent_requests`` counts requests of full length.
    """

    weights_gb: float
    kv_bytes_per_token: float
    kv_pool_gb: float
    max_concurrent_requests: int


def weights_gb(*, params: float, quantization: Quantization) -> float:
    """Return the size of the weights in GB: parameters × bits ÷ 8. All experts count.

    >>> from decisions.catalogue import quantization
    >>> [weights_gb(params=70e9, quantization=quantization(n)) for n in ("fp16", "int8", "int4")]
    [140.0, 70.0, 35.0]
    >>> round(weights_gb(params=70.55e9, quantization=quantization("awq")), 1)
    36.7
    """
    return params * quantization.bits_per_weight / 8 / 1e9


def bytes_per_kv_value(kv_dtype: str | None) -> float:
    """Return the bytes of one cached number; None and "auto" are the servers' default, 16 bits.

    Raises UnknownName for a format that no server caches in.
    """
    if kv_dtype is None:
        return 2.0
    found = _KV_BYTES.get(kv_dtype.strip().casefold())
    if found is None:
        raise UnknownName(kv_dtype, list(_KV_BYTES), "KV cache format")
    return found


def kv_bytes_per_token(*, model: Model, kv_dtype: str | None = None) -> float:
    """Return the bytes that one token of context adds to the cache, over all layers.

    Keys and values: 2 × layers × KV heads × head dimension × bytes; equals what vLLM logs to
    0.04 %. Latent attention keeps one vector: layers × (latent rank + rotary part) × bytes.

    >>> from decisions.catalogue import model
    >>> kv_bytes_per_token(model=model("Llama-3.3-70B"))
    327680.0
    """
    if model.mla_latent_rank is not None:
        values = model.mla_latent_rank + (model.mla_rope_dim or 0)
    else:
        values = 2 * model.kv_heads * model.head_dim
    return model.layers_with_kv * values * bytes_per_kv_value(kv_dtype)


def kv_copies(*, model: Model, tensor_parallel: int) -> float:
    """Return how many times the GPUs of a replica hold each token's cache.

    KV heads are shared out until each GPU has one; beyond that they are copied. A latent vector
    cannot be shared out, so every GPU holds it whole.

    >>> from decisions.catalogue import model
    >>> kv_copies(model=model("Qwen3-235B-A22B"), tensor_parallel=8)
    2.0
    """
    if model.mla_latent_rank is not None:
        return float(tensor_parallel)
    return max(1.0, tensor_parallel / model.kv_heads)


def kv_pool_gb(
    *,
    weights_gb: float,
    gpu: Gpu,
    gpus: int,
    usable_share: float = USABLE_SHARE,
    runtime_gb: float = RUNTIME_GB,
) -> float:
    """Return the GB left for the cache: GPUs × (memory × share − run-time) − weights.

    Negative when the weights do not fit: so many GB are missing.

    >>> from decisions.catalogue import gpu
    >>> round(kv_pool_gb(weights_gb=70.55, gpu=gpu("H100"), gpus=2), 1)
    80.5
    """
    return gpus * (gpu.vram_gb * usable_share - runtime_gb) - weights_gb


def max_concurrent_requests(
    *, kv_pool_gb: float, kv_bytes_per_token: float, resident_tokens: float
) -> int:
    """Return how many requests of so many tokens of context the pool holds; 0 without a pool.

    >>> max_concurrent_requests(
    ...     kv_pool_gb=33.6, kv_bytes_per_token=327680, resident_tokens=2048)
    50
    """
    return max(0, int(kv_pool_gb * 1e9 / (kv_bytes_per_token * resident_tokens)))


def memory(
    *,
    model: Model,
    quantization: Quantization,
    gpu: Gpu,
    tensor_parallel: int,
    input_tokens: float,
    output_tokens: float,
    kv_dtype: str | None = None,
    runtime_gb: float = RUNTIME_GB,
) -> Memory:
    """Return what the memory of one replica holds at this request shape.

    A request at its longest keeps input + output − 1 tokens: the last one is never read again.

    >>> from decisions.catalogue import gpu, model, quantization
    >>> memory(model=model("Llama-3.3-70B"), quantization=quantization("fp8"), gpu=gpu("H100"),
    ...        tensor_parallel=2, input_tokens=1000, output_tokens=300).max_concurrent_requests
    189
    """
    weights = weights_gb(params=model.params_total, quantization=quantization)
    pool = kv_pool_gb(weights_gb=weights, gpu=gpu, gpus=tensor_parallel, runtime_gb=runtime_gb)
    per_token = kv_bytes_per_token(model=model, kv_dtype=kv_dtype)
    copies = kv_copies(model=model, tensor_parallel=tensor_parallel)
    requests = max_concurrent_requests(
        kv_pool_gb=pool,
        kv_bytes_per_token=per_token * copies,
        resident_tokens=max(1.0, input_tokens + output_tokens - 1),
    )
    return Memory(weights, per_token, pool, requests)
