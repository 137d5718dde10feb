"""`manage.py throughput`: how many tokens a second does a model make on a GPU, and how surely?"""

import csv
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from django.core.management.base import BaseCommand, CommandError

from decisions import catalogue, measurements
from decisions.formulas import throughput
from decisions.measurements import Measurement


class Command(BaseCommand):
    """Prints one JSON object, or one per line for the rows of a CSV file."""

    help = "Estimate tokens per second, first-token and per-token time of one replica."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name one case on the command line, or a file of many."""
        parser.add_argument("--cases", type=Path, help="CSV file with one case per row")
        parser.add_argument("--gpu", help="such as H100")
        parser.add_argument("--model", help="such as Llama-3.3-70B")
        parser.add_argument("--quantization", default="bf16")
        parser.add_argument("--tensor-parallel", type=int, default=1)
        parser.add_argument("--input-tokens", type=float, default=1024)
        parser.add_argument("--output-tokens", type=float, default=1024)
        parser.add_argument("--concurrency", type=concurrency, default="max")
        parser.add_argument("--server", default="vllm")
        parser.add_argument("--kv-dtype", help="such as fp8; the server's default is 16 bits")
        parser.add_argument("--untuned", action="store_true", help="an engine at its defaults")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the estimates; exit with 2 and near names when one is unknown."""
        try:
            cases = list(_cases(options))
            lines = [json.dumps(answer(case)) for case in cases]
        except (ValueError, OSError) as fault:
            raise CommandError(str(fault), returncode=2) from None
        self.stdout.write("\n".join(lines))


def concurrency(text: str) -> float | Literal["max"]:
    """Read a number of requests or "max" from the command line."""
    return "max" if text == "max" else float(text)


def answer(case: Measurement) -> dict[str, Any]:
    """Return what the evaluation contract prints for one case."""
    found = estimate(case)
    rates = {"p10": found.p10, "p50": found.p50, "p90": found.p90}
    named = {"case_id": case.case_id} if case.case_id else {}
    return named | {
        "output_tokens_per_s": {name: round(rate, 2) for name, rate in rates.items()},
        "ttft_ms": found.ttft_ms and round(found.ttft_ms, 2),
        "tpot_ms": found.tpot_ms and round(found.tpot_ms, 3),
        "evidence": found.evidence,
        "max_concurrent_requests": found.max_concurrent_requests,
    }


def estimate(case: Measurement) -> throughput.Throughput:
    """Return the model's estimate for the setting of a measured or imagined run."""
    return throughput.estimate(
        model=catalogue.model(case.model),
        quantization=catalogue.quantization(case.quantization),
        gpu=catalogue.gpu(case.gpu),
        tensor_parallel=case.tensor_parallel,
        input_tokens=case.input_tokens,
        output_tokens=case.output_tokens,
        concurrency=case.concurrency,
        server=case.server,
        tuned=case.tuned,
        kv_dtype=case.kv_dtype,
    )


def _cases(options: dict[str, Any]) -> Iterator[Measurement]:
    if options["cases"]:
        with options["cases"].open(encoding="utf-8", newline="") as lines:
            cases = measurements.read(csv.DictReader(lines))
        if not cases:
            raise ValueError(f"{options['cases']}: no rows below a header line")
        yield from cases
        return
    for needed in ("gpu", "model"):
        if not options[needed]:
            raise ValueError(f"--{needed}: needed, unless --cases names a file")
    yield Measurement(
        case_id="",
        gpu=options["gpu"],
        model=options["model"],
        quantization=options["quantization"],
        kv_dtype=options["kv_dtype"],
        tensor_parallel=options["tensor_parallel"],
        input_tokens=options["input_tokens"],
        output_tokens=options["output_tokens"],
        concurrency=options["concurrency"],
        server=options["server"],
        tuned=not options["untuned"],
    )
