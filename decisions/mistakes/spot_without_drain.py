"""Do interruptions of spot machines reach the users?"""

from decimal import Decimal

from decisions.figures import Evaluation
from decisions.formulas.spot import availability, downtime_allowed, downtime_hours
from decisions.question import Option
from decisions.words import percent, quantity

ID = "spot-without-drain"
SEVERITY = "warns"
WHERE = "options"

USUAL_PROMISE = 0.999


def find(evaluation: Evaluation) -> str | None:
    """Look at every option on spot machines that are not drained, the hybrids' parts included."""
    leaves = [leaf for each in evaluation.figures for leaf, _ in each.option.leaves()]
    said = [_interrupted(leaf, evaluation) for leaf in leaves]
    return " ".join(dict.fromkeys(sentence for sentence in said if sentence)) or None


def _interrupted(leaf: Option, evaluation: Evaluation) -> str | None:
    spot = leaf.spot
    if spot is None or not downtime_hours(spot):
        return None
    hours = downtime_hours(spot)
    promise = Decimal(str(evaluation.question.workload.availability or USUAL_PROMISE))
    allowed = downtime_allowed(availability=promise)
    return (
        f"{leaf.name} is reclaimed {quantity(spot.interruptions_per_month)} times a month for "
        f"{quantity(spot.recovery_minutes)} minutes without draining: {quantity(round(hours, 1))} "
        f"hours down, {percent(availability(downtime_hours=hours))} availability. "
        f"{quantity(promise * 100)} %{_said(evaluation)} allows {quantity(round(allowed, 2))} "
        f"hours. That is for {percent(spot.discount)} off the rent."
    )


def _said(evaluation: Evaluation) -> str:
    """Mark a promise that the team did not make itself."""
    return "" if evaluation.question.workload.availability else ", the usual promise,"
