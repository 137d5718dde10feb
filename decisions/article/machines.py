"""The article's figures of memory, speed and quality, by the formulas that size every option."""

from collections.abc import Callable

from decisions.article.asking import (
    answer,
    closed,
    evaluated,
    measured_pair,
    pair,
    question,
    tuned_over_default,
)
from decisions.catalogue import gpu, model, quantization
from decisions.evaluation import BadInput, read
from decisions.formulas import throughput
from decisions.formulas.layouts import valid_degrees
from decisions.formulas.memory import kv_bytes_per_token, kv_pool_gb, memory, weights_gb

H100 = "H100"
LLAMA = "Llama-3.3-70B"
REQUEST_TOKENS = 2048


def weights(name: str, params: float | None = None) -> float:
    """GB of the weights in a format; of Llama 3.3 70B unless told the parameters."""
    total = model(LLAMA).params_total if params is None else params
    return weights_gb(params=total, quantization=quantization(name))


def requests(name: str, *, gpus: int = 1, kv_dtype: str | None = None) -> float:
    """How many requests of 2,048 tokens the memory holds beside the weights, as a fraction."""
    pool = kv_pool_gb(weights_gb=weights(name), gpu=gpu(H100), gpus=gpus)
    each = kv_bytes_per_token(model=model(LLAMA), kv_dtype=kv_dtype) * REQUEST_TOKENS
    return pool * 1e9 / each


def whole_requests(gpus: int) -> float:
    """How many whole requests of 1,024 tokens in and out are held at 8 bits."""
    return memory(
        model=model(LLAMA),
        quantization=quantization("fp8"),
        gpu=gpu(H100),
        tensor_parallel=gpus,
        input_tokens=1024,
        output_tokens=1024,
    ).max_concurrent_requests


def run(gpus: int, at_once: float | None, tokens_in: int = 1024) -> throughput.Throughput:
    """Estimate a replica of H100 with so many requests at once; None: as many as it holds."""
    return throughput.estimate(
        model=model(LLAMA),
        quantization=quantization("fp8"),
        gpu=gpu(H100),
        tensor_parallel=gpus,
        input_tokens=tokens_in,
        output_tokens=1024,
        concurrency="max" if at_once is None else at_once,
    )


def limit_of_one() -> float:
    """Tokens a second that one H100 cannot exceed for one user: it reads all weights for each."""
    load = throughput.Load(model(LLAMA), quantization("fp8"), gpu(H100), 1, 1024, 1024)
    return throughput.ceiling_tokens_per_s(load, 1)


def first_token(gpus: int, at_once: float, tokens_in: int = 1000) -> float:
    """Milliseconds to the first token."""
    return run(gpus, at_once, tokens_in).ttft_ms or 0


def per_token(at_once: float) -> float:
    """Milliseconds per further token on two H100."""
    return run(2, at_once).tpot_ms or 0


def million_an_hour() -> float:
    """Tokens a second of a million an hour, through the evaluation."""
    found = answer(measured_pair(), millions_in=365, millions_out=365)
    return float(found["workload"]["tokens_per_second"])


def cache_of_fifty() -> float:
    """GB of cache that fifty requests of 2,048 tokens take."""
    return 50 * REQUEST_TOKENS * kv_bytes_per_token(model=model(LLAMA)) / 1e9


def refusal(name: str) -> str:
    """What is said of a model that nobody knows."""
    try:
        read(question(pair(model=name)))
    except BadInput as refused:
        return refused.faults[0].says
    return "accepted"


def most_yes() -> tuple[int, str]:
    """How many are yes where the fallback is missing, and the advice all the same."""
    yes = {"answer": "yes"}
    own = dict.fromkeys(("spend", "steady", "expertise", "model-quality", "latency"), yes)
    found = evaluated(
        closed(), pair(ops_fte=0.25), chosen="C", checklist=own | {"fallback": {"answer": "no"}}
    )
    return (found.reading.yes if found.reading else 0), found.advice or ""


def loss(name: str) -> str:
    """The quality lost in a number format, and who measured it."""
    found = quantization(name)
    return f"{found.quality_loss} ({found.quality_source})"


FIGURES: dict[str, Callable[[], float | str]] = {
    "S20-16": lambda: weights("fp16", 70e9),
    "S20-8": lambda: weights("int8", 70e9),
    "S20-4": lambda: weights("int4", 70e9),
    "S21-awq": lambda: weights("awq"),
    "S21-gguf": lambda: weights("gguf-q4_k_m"),
    "S22": lambda: requests("int8"),
    "S22-fp8": lambda: requests("int8", kv_dtype="fp8"),
    "S23-2": lambda: requests("fp16", gpus=2),
    "S23-4": lambda: requests("fp16", gpus=4),
    "S24-1": lambda: whole_requests(1),
    "S24-2": lambda: whole_requests(2),
    "S25-limit": limit_of_one,
    "S25": lambda: run(1, 1).p50,
    "S25-2": lambda: run(2, 1).p50,
    "S26-1": lambda: run(1, None).p50,
    "S26-16": lambda: run(2, 16).p50,
    "S26-64": lambda: run(2, 64).p50,
    "S27-1k": lambda: first_token(2, 4),
    "S27-64": lambda: first_token(2, 64),
    "S27-8k": lambda: first_token(2, 16, 8000),
    "S28-2": lambda: first_token(2, 4),
    "S28-4": lambda: first_token(4, 4),
    "S28-8": lambda: first_token(8, 4),
    "S29-4": lambda: per_token(4),
    "S29-64": lambda: per_token(64),
    "S30-mean": million_an_hour,
    "S30-headroom": lambda: 1.5 * million_an_hour(),
    "S30-cache": cache_of_fifty,
    "S47": lambda: ", ".join(str(d) for d in valid_degrees(model(LLAMA), gpu(H100))),
    "S52-8": lambda: loss("int8"),
    "S52-4": lambda: loss("awq"),
    "S53": tuned_over_default,
    "S55-yes": lambda: most_yes()[0],
    "S55": lambda: most_yes()[1],
    "S56": lambda: refusal("Llama 4 70B"),
}
