"""What did the team measure itself, how does that compare with the estimate, and which options use it?

A benchmark replaces the model: the option then has the team's own figure and evidence of grade A.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from decisions import audit, catalogue, drafts, own_models
from decisions.benchmark_files import Run
from decisions.catalogue import Model
from decisions.formulas import throughput
from decisions.formulas.layouts import Impossible
from decisions.formulas.throughput import Throughput
from decisions.models import Benchmark, Option, Team, User

SUSPICIOUS_SHARE = 0.5
"""Below this share of the estimate's P10 something is set up wrongly more often than not."""

OTHER_SHAPE = 1.25
"""Requests that differ by more than this factor make another load."""


class Refused(Exception):
    """A benchmark that cannot be stored or used: `field` names what is wrong, `says` why."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A benchmark beside the estimate for the same load; `why_not` says why there is none."""

    benchmark: Benchmark
    estimate: Throughput | None
    why_not: str = ""

    @property
    def share(self) -> float | None:
        """Measured ÷ the estimate's middle; None without an estimate."""
        if self.estimate is None or not self.estimate.p50:
            return None
        return self.benchmark.output_tokens_per_s_per_replica / self.estimate.p50

    @property
    def is_suspicious(self) -> bool:
        """Whether the run was slower than half of what nine in ten such runs reach."""
        if self.estimate is None:
            return False
        measured = self.benchmark.output_tokens_per_s_per_replica
        return measured < SUSPICIOUS_SHARE * self.estimate.p10


def add(
    team: Team,
    *,
    setup: Mapping[str, Any],
    runs: Sequence[Run],
    file: bytes | None,
    file_name: str,
    by: User,
    at: datetime,
) -> list[Benchmark]:
    """Store the runs of one file, or one that was typed in, on the set-up that the team states.

    `setup` holds gpu, model, quantization, server, tensor_parallel, replicas, measured_on, note.
    """
    _refuse_unknown(team, setup)
    sha256 = hashlib.sha256(file if file is not None else _canonical(setup, runs)).hexdigest()
    try:
        with transaction.atomic():
            stored = [
                Benchmark.objects.create(
                    team=team,
                    **{**setup, **_figures(run, setup)},
                    file_name=file_name,
                    sha256=sha256,
                    added_by_name=by.get_full_name(),
                    added_at=at,
                )
                for run in runs
            ]
            after = {"sha256": sha256, "runs": len(stored), "of": str(stored[0])}
            audit.write("benchmark added", by=by, at=at, subject=team, team=team.name, after=after)
    except IntegrityError as twice:
        raise Refused("file", "These runs are stored already.") from twice
    return stored


def _figures(run: Run, setup: Mapping[str, Any]) -> dict[str, Any]:
    figures = asdict(run)
    return {**figures, "measured_on": setup.get("measured_on") or figures["measured_on"]}


def _canonical(setup: Mapping[str, Any], runs: Sequence[Run]) -> bytes:
    plain = {"setup": dict(setup), "runs": [asdict(run) for run in runs]}
    return json.dumps(plain, sort_keys=True, default=str).encode()


def _refuse_unknown(team: Team, setup: Mapping[str, Any]) -> None:
    finds: dict[str, Callable[[str], object]] = {
        "gpu": catalogue.gpu,
        "quantization": catalogue.quantization,
        "server": catalogue.server,
        "model": lambda name: model_called(name, team=team),
    }
    for field, find in finds.items():
        try:
            find(setup[field])
        except catalogue.UnknownName as unknown:
            says = str(unknown)
            raise Refused(field, f"{says[:1].upper()}{says[1:]}.") from unknown


def model_called(name: str, *, team: Team) -> Model:
    """Return the team's own model of that name, or the catalogue's; raises UnknownName."""
    own = own_models.of_team(team.pk).get(catalogue.plain(name))
    return own_models.model_of(own) if own else catalogue.model(name)


def compared(benchmark: Benchmark) -> Compared:
    """Return the benchmark beside the estimate for the same load on a tuned server."""
    try:
        estimate = throughput.estimate(
            model=model_called(benchmark.model, team=benchmark.team),
            quantization=catalogue.quantization(benchmark.quantization),
            gpu=catalogue.gpu(benchmark.gpu),
            tensor_parallel=benchmark.tensor_parallel,
            input_tokens=benchmark.input_tokens,
            output_tokens=benchmark.output_tokens,
            concurrency=max(1.0, benchmark.concurrency / benchmark.replicas),
            server=benchmark.server,
        )
    except (catalogue.UnknownName, Impossible, ValueError) as refusal:
        return Compared(benchmark=benchmark, estimate=None, why_not=str(refusal))
    if not estimate.p50:
        why_not = "by the estimate, not one such request fits into this memory"
        return Compared(benchmark=benchmark, estimate=None, why_not=why_not)
    return Compared(benchmark=benchmark, estimate=estimate)


def options_for(benchmark: Benchmark) -> list[Option]:
    """Return the team's options on the same GPU and model, in the order of their decisions."""
    options = Option.objects.filter(
        decision__team=benchmark.team, decision__archived_at=None
    ).select_related("decision__workload", "decision__team")
    return [option for option in options if _same(option.figures, benchmark)]


def _same(figures: Mapping[str, Any], benchmark: Benchmark) -> bool:
    try:
        same_gpu = catalogue.gpu(figures["gpu"]) == catalogue.gpu(benchmark.gpu)
        models = [model_called(n, team=benchmark.team) for n in (figures["model"], benchmark.model)]
    except (KeyError, catalogue.UnknownName, AttributeError):
        return False
    formats = (figures.get("quantization") or "bf16", benchmark.quantization)
    try:
        bits = [catalogue.quantization(name) for name in formats]
    except catalogue.UnknownName:
        return False
    return same_gpu and models[0] == models[1] and bits[0] == bits[1]


def other_shape(option: Option, benchmark: Benchmark) -> str:
    """Say how the workload's requests differ from those measured; empty where they do not."""
    work = getattr(option.decision, "workload", None)
    pairs = [
        ("input", getattr(work, "mean_input_tokens", None), benchmark.input_tokens),
        ("output", getattr(work, "mean_output_tokens", None), benchmark.output_tokens),
    ]
    return "; ".join(
        f"{name} {measured:,.0f} tokens measured, {asked:,.0f} in the workload"
        for name, asked, measured in pairs
        if asked and not 1 / OTHER_SHAPE <= measured / asked <= OTHER_SHAPE
    )


def source_of(benchmark: Benchmark) -> str:
    """Return the words that go with the figure into the evaluation and the record."""
    what = Benchmark.Kind(benchmark.kind).label
    load = (
        f"{benchmark.input_tokens:.0f} + {benchmark.output_tokens:.0f} tokens, "
        f"{benchmark.concurrency:.0f} at once"
    )
    return f"{what} on {benchmark.measured_on}, {load}, SHA-256 {benchmark.sha256}"


def use(benchmark: Benchmark, *, option: Option, by: User, at: datetime, version: int) -> None:
    """Put the measured figure into an option, in place of the estimate."""
    if not _same(option.figures, benchmark):
        raise Refused("option", f"{option.name} is not on the GPU, model and format measured.")
    figures = {
        **option.figures,
        "tensor_parallel": benchmark.tensor_parallel,
        "server": benchmark.server,
        "measured_output_tokens_per_s": benchmark.output_tokens_per_s_per_replica,
        "measured_source": source_of(benchmark),
    }
    for name in ("ttft_ms", "tpot_ms"):
        if (value := getattr(benchmark, name)) is not None:
            figures[f"measured_{name}"] = value
    values = drafts.values_of(option)
    drafts.change_option(option, **{**values, "figures": figures}, by=by, at=at, version=version)


def remove(benchmark: Benchmark, *, by: User, at: datetime) -> None:
    """Forget a benchmark. Options keep the figure, which names its SHA-256."""
    with transaction.atomic():
        before = {"sha256": benchmark.sha256, "of": str(benchmark)}
        team = benchmark.team.name
        audit.write("benchmark removed", by=by, at=at, subject=benchmark, team=team, before=before)
        benchmark.delete()
