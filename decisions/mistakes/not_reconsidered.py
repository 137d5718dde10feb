"""Was the decision made once and never looked at again?"""

from decisions.figures import Evaluation
from decisions.words import sum_of

ID = "not-reconsidered"
SEVERITY = "warns"
WHERE = "review"

QUARTER_DAYS = 92


def find(evaluation: Evaluation) -> str | None:
    """Count the days since the last review of the chosen option."""
    question = evaluation.question
    if question.chosen is None:
        return None
    answer = question.answers.get("revisit")
    if answer is not None and answer.answer == "no":
        return f"Nobody will revisit this decision each quarter. {_at_stake(evaluation)}"
    last, today = question.last_reviewed_on, question.as_of
    if last is None or today is None or (today - last).days <= QUARTER_DAYS:
        return None
    return f"The last review was {(today - last).days} days ago, on {last}. {_at_stake(evaluation)}"


def _at_stake(evaluation: Evaluation) -> str:
    """Say what the choice costs against the cheapest option, today or once prices have drifted."""
    subject, currency = evaluation.subject, evaluation.question.currency
    if subject.regret_per_month:
        return (
            f"{evaluation.cheapest.name} costs {sum_of(subject.regret_per_month, currency)} "
            f"a month less than {subject.name}."
        )
    if evaluation.flips:
        first = min(evaluation.flips, key=lambda each: each.month)
        return (
            f"{first.other} becomes cheaper after {first.month:.1f} months, and staying costs "
            f"{sum_of(first.cost_by_horizon, currency)} by the horizon."
        )
    return f"{subject.name} is still the cheapest, at {sum_of(subject.total, currency)} a month."
