"""`manage.py accuracy`: how far is the throughput model from public measurements?"""

from collections import defaultdict
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand

from decisions import catalogue, measurements
from decisions.management.commands.throughput import estimate
from decisions.measurements import Measurement

HEADER = ("rows", "kind", "server", "n", "median error", "P90 error", "inside P10-P90")
WIDTHS = (12, 9, 13, 4, 13, 10, 15)


class Command(BaseCommand):
    """Prints median and P90 error, apart for rows that set constants and rows never fitted to."""

    help = "Compare the throughput model with the public measurements that the project holds."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per group of measurements, then one per time that was measured."""
        groups: dict[tuple[str, str, str], list[Measurement]] = defaultdict(list)
        for case in measurements.measurements():
            groups[_group(case)].append(case)
        self.stdout.write(_line(HEADER))
        for group, cases in sorted(groups.items()):
            self.stdout.write(_line((*group, *_accuracy(cases))))
        for name in ("ttft_ms", "tpot_ms"):
            error = [e for case in measurements.measurements() if (e := _time_error(case, name))]
            median, p90 = np.quantile(error, (0.5, 0.9))
            self.stdout.write(f"{name}: median error {median:.1%}, P90 {p90:.1%}, n {len(error)}")


def _group(case: Measurement) -> tuple[str, str, str]:
    kind = "mixture" if catalogue.model(case.model).is_mixture else "dense"
    return case.used_for, kind, catalogue.server(case.server).name


def _accuracy(cases: list[Measurement]) -> tuple[str, str, str, str]:
    """Return count, median and P90 of the error of P50, and how many fell inside the range."""
    found = [(estimate(case), case.output_tokens_per_s or 0.0) for case in cases]
    error = [abs(made.p50 / measured - 1) for made, measured in found]
    inside = np.mean([made.p10 <= measured <= made.p90 for made, measured in found])
    median, p90 = np.quantile(error, (0.5, 0.9))
    return str(len(cases)), f"{median:.1%}", f"{p90:.1%}", f"{inside:.0%}"


def _time_error(case: Measurement, name: str) -> float | None:
    measured, made = getattr(case, name), getattr(estimate(case), name)
    return abs(made / measured - 1) if measured and made else None


def _line(columns: tuple[str, ...]) -> str:
    return "  ".join(f"{text:<{width}}" for text, width in zip(columns, WIDTHS, strict=True))
