"""Is the workload still too small for machines of one's own?"""

from decisions.figures import BreakEven, Evaluation, OptionFigures
from decisions.requirements import falls_short, met
from decisions.words import quantity, sum_of, tokens

ID = "too-early"
SEVERITY = "warns"
WHERE = "workload"


def find(evaluation: Evaluation) -> str | None:
    """Compare the option under scrutiny with the cheapest API that does as much."""
    subject = evaluation.subject
    if not subject.is_self_hosted:
        return None
    does = met(subject, evaluation.question)
    rivals = [
        each
        for each in evaluation.figures
        if each.is_api and not falls_short(met(each, evaluation.question), does)
    ]
    if not rivals:
        return None
    api = min(rivals, key=lambda each: each.total)
    if api.total >= subject.total:
        return None
    currency = evaluation.question.currency
    dearer = sum_of(subject.total - api.total, currency)
    today = evaluation.question.workload.tokens_per_month
    return (
        f"At {tokens(today)} a month {subject.name} costs {dearer} a month more than "
        f"{api.name}, which does the same. {_pays_from(evaluation, subject, api)}"
    )


def _pays_from(evaluation: Evaluation, subject: OptionFigures, api: OptionFigures) -> str:
    points = [each for each in evaluation.break_evens if _turns(each, subject.name, api.name)]
    today = float(evaluation.question.workload.tokens_per_month)
    later = [each for each in points if each.tokens_per_month > today]
    if not later:
        return "No larger volume makes it pay, up to 10 trillion tokens."
    first = min(later, key=lambda each: each.tokens_per_month)
    times = quantity(round(first.tokens_per_month / today, 1))
    text = f"It begins to pay at {tokens(first.tokens_per_month)}, {times} times today"
    if first.within_capacity is False:
        return f"{text}, which is more than its machines carry."
    return f"{text}."


def _turns(point: BreakEven, subject: str, api: str) -> bool:
    return set(point.between) == {subject, api} and point.cheaper_above == subject
