"""Who answers when the team's own machines are down?"""

from decimal import Decimal

from decisions.figures import Evaluation
from decisions.formulas.bills import HOURS_PER_MONTH, TOKENS_PER_MTOK
from decisions.question import Option
from decisions.words import sum_of, tokens

ID = "no-fallback"
SEVERITY = "blocks"
WHERE = "reliability"

OUTAGE_HOURS = 2
"""The length of outage that the sentence works out: one bad deployment."""


def find(evaluation: Evaluation) -> str | None:
    """Look for a fallback on the option under scrutiny, or on each self-hosted part of it."""
    answer = evaluation.question.answers.get("fallback")
    if answer is not None and answer.answer == "yes":
        return None
    care = evaluation.question.reliability.get("fallback")
    if care is not None and care.owner and care.tested_on is not None:
        return None
    open_share = _without_fallback(evaluation.subject.option)
    if not open_share:
        return None
    work = evaluation.question.workload
    lost = work.tokens_per_month * open_share * OUTAGE_HOURS / HOURS_PER_MONTH
    return (
        f"{evaluation.subject.name} has nothing to fall back on: an outage of {OUTAGE_HOURS} hours "
        f"leaves {tokens(lost)} unanswered.{_price(evaluation, lost)}"
    )


def _without_fallback(option: Option) -> Decimal:
    """Return the share of the tokens that self-hosted machines take without a fallback."""
    if option.fallback is not None:
        return Decimal(0)
    if option.kind.is_self_hosted:
        return Decimal(1)
    return sum((part.share * _without_fallback(part.option) for part in option.parts), Decimal(0))


def _price(evaluation: Evaluation, lost: Decimal) -> str:
    apis = [each for each in evaluation.figures if each.is_api and each.per_mtok is not None]
    if not apis:
        return ""
    api = min(apis, key=lambda each: each.total)
    cost = (api.per_mtok or Decimal(0)) * lost / TOKENS_PER_MTOK
    return f" {api.name} would answer them for {sum_of(cost, evaluation.question.currency)}."
