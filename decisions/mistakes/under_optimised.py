"""Do the machines make far less than they could with a server that is set up well?"""

from decisions.figures import Evaluation, OptionFigures
from decisions.question import Option
from decisions.words import quantity

ID = "under-optimised"
SEVERITY = "warns"
WHERE = "options"


def find(evaluation: Evaluation) -> str | None:
    """Look at every option's machines, the hybrids' parts included."""
    said = [_below(leaf) for each in evaluation.figures for leaf in _leaves(each)]
    found = dict.fromkeys(sentence for sentence in said if sentence)
    return " ".join(found) or None


def _leaves(figures: OptionFigures) -> list[Option]:
    return [leaf for leaf, _ in figures.option.leaves()]


def _below(leaf: Option) -> str | None:
    """Compare with the low end of what tuned servers make: nine in ten make more than that."""
    machines = leaf.machines
    if machines is None or machines.replica is None or machines.estimate is None:
        return None
    own, tuned = machines.replica.throughput, machines.estimate.throughput
    if not own.p50 or own.p50 >= tuned.p10:
        return None
    source = "measured" if own.evidence == "A" else "at default settings"
    return (
        f"{leaf.name} makes {quantity(round(own.p50))} output tokens/s a replica ({source}), and "
        f"a tuned server {quantity(round(tuned.p10))} to {quantity(round(tuned.p90))}: "
        f"{_times(tuned.p50 / own.p50)} times as much for the same rent."
    )


def _times(ratio: float) -> str:
    """Write a ratio no finer than it is known.

    >>> _times(1.69), _times(152.3)
    ('1.7', '152')
    """
    return quantity(round(ratio, 1 if ratio < 10 else 0))
