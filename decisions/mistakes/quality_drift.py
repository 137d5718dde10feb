"""Has anyone looked lately whether the open model still keeps up?"""

from decisions.figures import Evaluation
from decisions.requirements import quality

ID = "quality-drift"
SEVERITY = "warns"
WHERE = "quality"

QUARTER_DAYS = 92
FALLEN_BEHIND = 0.05
"""A gap that customers notice: one answer in twenty."""


def find(evaluation: Evaluation) -> str | None:
    """Look at the chosen option where it runs a model of its own."""
    if evaluation.question.chosen is None or not evaluation.subject.is_self_hosted:
        return None
    return _fallen(evaluation) or _behind(evaluation) or _unmeasured(evaluation)


def _fallen(evaluation: Evaluation) -> str | None:
    """Say which score has fallen below the bar that the one before it reached."""
    least = evaluation.question.requirements.least_quality
    for leaf, _ in evaluation.subject.option.leaves():
        now, before = leaf.quality, leaf.quality_before
        if least is None or now is None or before is None or not now < least <= before:
            continue
        return (
            f"{leaf.name} has drifted below the bar: {before:.1%} at the evaluation before, "
            f"{now:.1%} at the newest, and {least:.1%} is needed."
        )
    return None


def _behind(evaluation: Evaluation) -> str | None:
    own = quality(evaluation.subject.option)
    apis = {each.name: quality(each.option) or 0.0 for each in evaluation.figures if each.is_api}
    if own is None or not apis:
        return None
    best = max(apis, key=lambda name: apis[name])
    if apis[best] - own <= FALLEN_BEHIND:
        return None
    return (
        f"{evaluation.subject.name} was measured at {own:.0%} and {best} at {apis[best]:.0%}: "
        f"{apis[best] - own:.0%} of the answers are worse than they need be."
    )


def _unmeasured(evaluation: Evaluation) -> str | None:
    question = evaluation.question
    measured, today = question.quality_measured_on, question.as_of
    name = evaluation.subject.name
    if measured is None:
        return (
            f"Nobody has stated when the quality of {name} was last measured; closed models move "
            f"on, so measure it every quarter ({QUARTER_DAYS} days)."
        )
    if today is None or (today - measured).days <= QUARTER_DAYS:
        return None
    return (
        f"The quality of {name} was last measured {(today - measured).days} days ago, "
        f"on {measured}; a quarter has {QUARTER_DAYS}."
    )
