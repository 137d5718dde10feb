"""`manage.py accuracy`: how far is the throughput model from public measurements?

``--markdown`` prints the table of docs/accuracy.md, ``--cases`` takes other rows than the project's.
"""

import csv
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from decisions import catalogue, measurements
from decisions.management.commands.throughput import estimate
from decisions.measurements import Measurement

PROMISES = (
    ("dense", "tuned engines, dense models", {"median error": 0.15, "P90 error": 0.35}),
    ("mixture", "tuned engines, mixtures of experts", {"inside P10-P90": 0.8}),
    ("untuned", "engines at their defaults", {"inside P10-P90": 0.8}),
)
"""What was promised on rows that set nothing, by kind of run: at most these errors, at least this share."""

HEADER = ("rows", "kind", "server", "n", "median error", "P90 error", "inside P10-P90")
WIDTHS = (12, 9, 13, 4, 13, 10, 15)


class Command(BaseCommand):
    """Prints median and P90 error, apart for rows that set constants and rows never fitted to."""

    help = "Compare the throughput model with the public measurements that the project holds."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the form of the table and the rows."""
        parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
        parser.add_argument("--cases", metavar="FILE.csv", help="rows with the same columns")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per group of measurements, then one per time that was measured."""
        rows, line = _rows(options["cases"]), _cells if options["markdown"] else _line
        groups: dict[tuple[str, str, str], list[Measurement]] = defaultdict(list)
        for case in rows:
            groups[_group(case)].append(case)
            if case.used_for == "validation":
                groups[(case.used_for, _kind(case), "all of them")].append(case)
        self.stdout.write(line(HEADER))
        if options["markdown"]:
            self.stdout.write(line(("---",) * len(HEADER)))
        for group, cases in sorted(groups.items()):
            self.stdout.write(line((*group, *_accuracy(cases))))
        self.stdout.write("")
        for kind, called, asked in PROMISES:
            if unseen := groups.get(("validation", kind, "all of them")):
                self.stdout.write(_kept(called, asked, unseen, markdown=options["markdown"]))
        for name in ("ttft_ms", "tpot_ms"):
            error = [e for case in rows if (e := _time_error(case, name))]
            if error:
                median, p90 = np.quantile(error, (0.5, 0.9))
                text = f"{name}: median error {median:.1%}, P90 {p90:.1%}, n {len(error)}"
                self.stdout.write(f"- {text}" if options["markdown"] else text)


def _rows(file: str | None) -> list[Measurement]:
    if file is None:
        return list(measurements.measurements())
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as text:
            found = measurements.read(csv.DictReader(text))
    except (OSError, ValueError) as fault:
        raise CommandError(f"cannot read {file}: {fault}") from fault
    return [case for case in found if case.output_tokens_per_s]


def _kind(case: Measurement) -> str:
    if not case.tuned:
        return "untuned"
    return "mixture" if catalogue.model(case.model).is_mixture else "dense"


def _group(case: Measurement) -> tuple[str, str, str]:
    return case.used_for or "given", _kind(case), catalogue.server(case.server).name


def _accuracy(cases: list[Measurement]) -> tuple[str, str, str, str]:
    """Return count, median and P90 of the error of P50, and how many fell inside the range."""
    median, p90, inside = _figures(cases).values()
    return str(len(cases)), f"{median:.1%}", f"{p90:.1%}", f"{inside:.0%}"


def _figures(cases: list[Measurement]) -> dict[str, float]:
    found = [(estimate(case), case.output_tokens_per_s or 0.0) for case in cases]
    error = [abs(made.p50 / measured - 1) for made, measured in found]
    inside = np.mean([made.p10 <= measured <= made.p90 for made, measured in found])
    median, p90 = np.quantile(error, (0.5, 0.9))
    return {"median error": median, "P90 error": p90, "inside P10-P90": float(inside)}


def _kept(called: str, asked: dict[str, float], cases: list[Measurement], *, markdown: bool) -> str:
    """Return a line that holds what was reached on unseen rows beside what was asked."""
    reached = _figures(cases)
    parts = []
    for name, limit in asked.items():
        least = name.startswith("inside")
        kept = reached[name] >= limit if least else reached[name] <= limit
        side = "at least" if least else "at most"
        parts.append(
            f"{name} {reached[name]:.1%} (asked: {side} {limit:.0%}{'' if kept else ', NOT KEPT'})"
        )
    return f"{'- ' if markdown else ''}{called}, {len(cases)} unseen runs: {', '.join(parts)}"


def _time_error(case: Measurement, name: str) -> float | None:
    measured, made = getattr(case, name), getattr(estimate(case), name)
    return abs(made / measured - 1) if measured and made else None


def _cells(columns: tuple[str, ...]) -> str:
    return f"| {' | '.join(columns)} |"


def _line(columns: tuple[str, ...]) -> str:
    return "  ".join(f"{text:<{width}}" for text, width in zip(columns, WIDTHS, strict=True))
