"""The one calculation behind every page, command, record and nightly check.

``read`` validates an input and fills in its defaults, ``evaluate`` computes everything that
follows from it, ``as_json`` writes it down under the names of docs/evaluate.md.
"""

from decisions.evaluation.calculate import evaluate, within_capacity
from decisions.evaluation.faults import BadInput, Fault
from decisions.evaluation.parse import parse
from decisions.evaluation.present import as_json
from decisions.evaluation.read import read
from decisions.figures import Evaluation
from decisions.question import Question

__all__ = [
    "BadInput",
    "Evaluation",
    "Fault",
    "Question",
    "as_json",
    "evaluate",
    "parse",
    "read",
    "within_capacity",
]
