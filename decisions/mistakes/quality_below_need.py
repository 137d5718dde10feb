"""Is an open model asked for a quality that nobody has seen it reach?"""

from decisions import catalogue
from decisions.figures import Evaluation
from decisions.question import Option
from decisions.requirements import quality, quality_shortfalls, reaches_frontier

ID = "quality-below-need"
SEVERITY = "blocks"
WHERE = "options"

SMALL_MODEL_PARAMETERS = 30e9
"""What one mid-range card serves; models below it are the usual attempt to save on quality."""


def find(evaluation: Evaluation) -> str | None:
    """Hold the quality that is demanded beside what the option under scrutiny was measured at."""
    option, wanted = evaluation.subject.option, evaluation.question.requirements
    measured, least = quality(option), wanted.least_quality
    if least is not None and measured is not None:
        if measured >= least:
            return None
        return (
            f"{option.name} was measured at {measured:.0%} of the tasks and {least:.0%} is needed: "
            f"{least - measured:.0%} of the answers would have to go elsewhere."
        )
    short = quality_shortfalls(option, evaluation.question)
    if short and any(each.least_quality is not None for each in wanted.traffic):
        return f"{option.name} is not good enough: {'; '.join(short)}."
    if not wanted.frontier_quality or reaches_frontier(option):
        return None
    return (
        f"The workload needs frontier quality, and {option.name} serves {_models(option)}; "
        "no measured quality says that it reaches it. Such projects usually end back on the API."
    )


def _models(option: Option) -> str:
    names = [_described(leaf) for leaf, _ in option.leaves()]
    return " and ".join(dict.fromkeys(names))


def _described(leaf: Option) -> str:
    if leaf.model is None:
        return "an open model that is not named"
    try:
        parameters = catalogue.model(leaf.model).params_total
    except catalogue.UnknownName:
        return leaf.model
    size = "a small model of" if parameters < SMALL_MODEL_PARAMETERS else "an open model of"
    return f"{leaf.model}, {size} {parameters / 1e9:.0f} billion parameters"
