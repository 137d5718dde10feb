"""Which of the usual mistakes does this decision make?

Each file in this folder is one detector: ``ID``, ``SEVERITY`` ("blocks" a sign-off, "warns" or
"notes"), ``WHERE`` (the page on which it is mended: "workload", "options", "quality",
"review" or "reliability") and ``find(evaluation)``, which returns a sentence with figures or None. A new
file is found by itself.
"""

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from decisions.figures import Evaluation, Found

SEVERITIES = ("blocks", "warns", "notes")


class Detector(Protocol):
    """What a file in this folder offers."""

    ID: str
    SEVERITY: str
    WHERE: str

    def find(self, evaluation: Evaluation) -> str | None:
        """Return what is wrong, in a sentence; None when nothing is."""
        ...


@lru_cache
def detectors() -> tuple[Detector, ...]:
    """Return every detector: what blocks first, then by id."""
    modules = (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
    found = [cast(Detector, module) for module in modules]
    return tuple(sorted(found, key=lambda each: (SEVERITIES.index(each.SEVERITY), each.ID)))


def find_all(evaluation: Evaluation) -> tuple[Found, ...]:
    """Return the mistakes that an evaluation shows, what blocks first."""
    said = ((each, each.find(evaluation)) for each in detectors())
    return tuple(
        Found(id=each.ID, severity=each.SEVERITY, where=each.WHERE, says=says)
        for each, says in said
        if says
    )
