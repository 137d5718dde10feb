"""Which runs does the result file of a benchmark tool hold?

Only sums and means are read: the prompts and answers that a detailed result lists stay unread.

- `vllm bench serve --save-result`: keys of vllm-project/vllm vllm/benchmarks/serve.py
  (date, max_concurrency, completed, total_input_tokens, total_output_tokens, output_throughput,
  mean_ttft_ms, mean_tpot_ms, request_throughput, mean_e2el_ms).
- GuideLLM `benchmarks.json`: benchmarks[].metrics.<name>.successful.mean, as described in
  vllm-project/guidellm docs/guides/outputs.md; a sweep holds several runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from decisions.evaluation import BadInput, parse

MOST_CHARACTERS = 2_000_000
MOST_RUNS = 50


class Unreadable(ValueError):
    """A file that is no known result, or one that lacks a figure; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One measured run: times in milliseconds, tokens per second of the whole server."""

    kind: str
    input_tokens: float
    output_tokens: float
    concurrency: float
    output_tokens_per_s: float
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    requests: int | None = None
    measured_on: date | None = None


def read(text: str) -> list[Run]:
    """Return the runs in a result file, in its order.

    Raises Unreadable that names the missing or impossible figure.
    """
    try:
        found = parse(text)
    except BadInput as bad:
        raise Unreadable(str(bad.faults[0])) from bad
    if isinstance(found.get("benchmarks"), list):
        return _guidellm(found["benchmarks"])
    if "output_throughput" in found:
        return [_vllm(found)]
    raise Unreadable(
        "neither a result of vllm bench serve (it has output_throughput) nor of GuideLLM "
        "(it has benchmarks)"
    )


def _vllm(found: Mapping[str, Any]) -> Run:
    requests = _above_0(found, "completed")
    return Run(
        kind="vllm",
        input_tokens=_above_0(found, "total_input_tokens") / requests,
        output_tokens=_above_0(found, "total_output_tokens") / requests,
        concurrency=_vllm_concurrency(found),
        output_tokens_per_s=_above_0(found, "output_throughput"),
        ttft_ms=_maybe(found, "mean_ttft_ms"),
        tpot_ms=_maybe(found, "mean_tpot_ms"),
        requests=int(requests),
        measured_on=_day(found.get("date")),
    )


def _vllm_concurrency(found: Mapping[str, Any]) -> float:
    """Return the limit on requests at once; without one, the mean number by Little's law."""
    limit = _maybe(found, "max_concurrency")
    if limit is not None:
        return limit
    rate, seconds = _maybe(found, "request_throughput"), _maybe(found, "mean_e2el_ms")
    if rate is None or seconds is None:
        raise Unreadable(
            "max_concurrency is missing, and so is mean_e2el_ms, from which it would follow: "
            "run with --max-concurrency or --percentile-metrics ttft,tpot,itl,e2el"
        )
    return max(1.0, rate * seconds / 1000)


def _guidellm(benchmarks: list[Any]) -> list[Run]:
    if not benchmarks:
        raise Unreadable("benchmarks is empty")
    if len(benchmarks) > MOST_RUNS:
        raise Unreadable(f"benchmarks has {len(benchmarks)} runs, more than {MOST_RUNS}")
    return [_guidellm_run(each, place) for place, each in enumerate(benchmarks)]


def _guidellm_run(benchmark: Any, place: int) -> Run:
    where = f"benchmarks[{place}]"
    metrics = benchmark.get("metrics") if isinstance(benchmark, Mapping) else None
    if not isinstance(metrics, Mapping):
        raise Unreadable(f"{where}.metrics is missing")
    means = {name: _mean(metrics.get(name)) for name in _GUIDELLM}
    for name in ("output_tokens_per_second", "prompt_token_count", "output_token_count"):
        _above_0(means, name, where=f"{where}.metrics.", what=".successful.mean")
    totals = metrics.get("request_totals")
    done = totals.get("successful") if isinstance(totals, Mapping) else None
    return Run(
        kind="guidellm",
        input_tokens=means["prompt_token_count"],
        output_tokens=means["output_token_count"],
        concurrency=max(1.0, _above_0(means, "request_concurrency", where=f"{where}.metrics.")),
        output_tokens_per_s=means["output_tokens_per_second"],
        ttft_ms=_maybe(means, "time_to_first_token_ms"),
        tpot_ms=_maybe(means, "inter_token_latency_ms"),
        requests=done if isinstance(done, int) and done > 0 else None,
        measured_on=_day(benchmark.get("start_time")),
    )


_GUIDELLM = (
    "output_tokens_per_second",
    "prompt_token_count",
    "output_token_count",
    "request_concurrency",
    "time_to_first_token_ms",
    "inter_token_latency_ms",
)


def _mean(metric: Any) -> Any:
    successful = metric.get("successful") if isinstance(metric, Mapping) else None
    return successful.get("mean") if isinstance(successful, Mapping) else None


def _above_0(found: Mapping[str, Any], name: str, *, where: str = "", what: str = "") -> float:
    value = found.get(name)
    if value is None:
        raise Unreadable(f"{where}{name}{what} is missing")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise Unreadable(f"{where}{name}{what} must be a number above 0, got {str(value)[:40]!r}")
    return float(value)


def _maybe(found: Mapping[str, Any], name: str) -> float | None:
    value = found.get(name)
    return None if value is None or value == 0 else _above_0(found, name)


def _day(given: Any) -> date | None:
    """Return the day of "20261103-101500" or of seconds since 1970; None for anything else."""
    try:
        if isinstance(given, int | float) and not isinstance(given, bool):
            return datetime.fromtimestamp(given, tz=UTC).date()
        return date.fromisoformat(str(given)[:8])
    except (ValueError, OverflowError, OSError):
        return None
