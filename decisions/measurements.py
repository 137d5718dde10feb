"""Which public measurements of inference throughput do we hold, and what do they cover?

The rows are in ``decisions/data/throughput_measurements.csv``, each with its public source.
``used_for`` says what a row did: "calibration" rows set constants of the throughput model, "band"
rows set the ranges for mixtures of experts and untuned engines, "validation" rows were only compared
afterwards. "burst" rows are no steady load and promise nothing: fewer than twice as many requests
came at once as run at once, so most of the run is its beginning and its end.
"""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from decisions import catalogue


@dataclass(frozen=True)
class Measurement:
    """One measured run; times in milliseconds, None where the source gives none.

    ``concurrency`` is a number of requests or "max": as many as the server would take.
    """

    case_id: str
    gpu: str
    model: str
    quantization: str
    kv_dtype: str | None
    tensor_parallel: int
    input_tokens: float
    output_tokens: float
    concurrency: float | Literal["max"]
    server: str
    tuned: bool = True
    output_tokens_per_s: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    used_for: str = ""
    source: str = ""


def read(rows: Iterable[Mapping[str, str | None]]) -> list[Measurement]:
    """Return the measurements in rows of a CSV file with the columns of our data file.

    Raises ValueError that names the row and the column.
    """
    return [_measurement(row, number) for number, row in enumerate(rows, start=2)]


@lru_cache
def measurements() -> tuple[Measurement, ...]:
    """Return every public measurement that the project holds."""
    path = files("decisions").joinpath("data", "throughput_measurements.csv")
    return tuple(read(csv.DictReader(path.read_text(encoding="utf-8").splitlines())))


def is_measured(*, gpu: str, model: str) -> bool:
    """Return whether a public run of this GPU and model on a tuned engine is held, by catalogue names.

    >>> is_measured(gpu="H100-SXM", model="Llama-3.3-70B")
    True
    """
    return (gpu, model) in _measured()


@lru_cache
def _measured() -> frozenset[tuple[str, str]]:
    return frozenset(
        (catalogue.gpu(row.gpu).name, catalogue.model(row.model).name)
        for row in measurements()
        if row.tuned
    )


def _measurement(row: Mapping[str, str | None], line: int) -> Measurement:
    try:
        return Measurement(
            case_id=row.get("case_id") or f"line {line}",
            gpu=_cell(row, "gpu"),
            model=_cell(row, "model"),
            quantization=_cell(row, "precision"),
            kv_dtype=row.get("kv_dtype") or None,
            tensor_parallel=int(float(row.get("tp") or _cell(row, "gpus"))),
            input_tokens=float(_cell(row, "isl")),
            output_tokens=float(_cell(row, "osl")),
            concurrency=_concurrency(_cell(row, "concurrency")),
            server=row.get("engine") or "vllm",
            tuned=(row.get("tuned") or "yes") != "no",
            output_tokens_per_s=_number(row.get("output_tok_s")),
            ttft_ms=_number(row.get("ttft_ms")),
            tpot_ms=_number(row.get("tpot_ms")),
            used_for=row.get("used_for") or "",
            source=row.get("source") or "",
        )
    except KeyError as missing:
        raise ValueError(f"line {line}: column {missing.args[0]} is missing") from None
    except (ValueError, OverflowError) as fault:
        raise ValueError(f"line {line}: {fault}") from None


def _cell(row: Mapping[str, str | None], column: str) -> str:
    """Return what stands in a column; a row that ends before it has nothing there."""
    text = row[column]
    if not text:
        raise ValueError(f"column {column} is empty")
    return text


def _concurrency(text: str) -> float | Literal["max"]:
    return "max" if text.strip().casefold().startswith("max") else float(text)


def _number(text: str | None) -> float | None:
    number = float(text) if text else math.nan
    return None if math.isnan(number) else number
