"""Small builders of inputs for the evaluation, and one call from an input to its JSON."""

import copy

from decisions.article.asking import (
    MILLION,
    Answer,
    answer,
    bill,
    closed,
    evaluated,
    hybrid,
    managed,
    measured_pair,
    pair,
    question,
)

__all__ = [
    "MILLION",
    "Answer",
    "answer",
    "bill",
    "changed",
    "closed",
    "evaluated",
    "example",
    "hybrid",
    "managed",
    "measured_pair",
    "pair",
    "question",
    "said",
]


def example(**more):
    parts = hybrid("H", ("C", 0.8), ("A", 0.2))
    reserved = pair("D", 1.5, kind="reserved_gpu")
    return question(closed(), managed(), pair(), reserved, parts, chosen="C", **more)


def changed(path, value, raw=None):
    """Return the example with one value replaced, at a path such as options.2.gpus."""
    raw = copy.deepcopy(raw or example())
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = raw
    for step in parents:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    place[last] = value
    return raw


def said(detector, evaluation):
    """Return what a mistake detector says; fails where it finds nothing."""
    says = detector.find(evaluation)
    assert says is not None
    return says
