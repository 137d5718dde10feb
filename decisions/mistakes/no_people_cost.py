"""Does an option leave out the people who will run it?"""

from decimal import Decimal

from decisions.figures import Evaluation, OptionFigures
from decisions.formulas.people import fte_paid_by, operations
from decisions.question import Option
from decisions.words import quantity, sum_of

ID = "no-people-cost"
SEVERITY = "blocks"
WHERE = "options"

USUAL_FTE = Decimal("0.25"), Decimal(1)
"""What running one's own inference usually takes, from a quarter of a person to a whole one."""


def find(evaluation: Evaluation) -> str | None:
    """Look at every self-hosted option: without people the comparison itself is wrong."""
    without = [
        each
        for each in evaluation.figures
        if each.is_self_hosted and not _counts_people(each.option)
    ]
    if not without:
        return None
    names = ", ".join(each.name for each in without)
    verb = "counts" if len(without) == 1 else "count"
    return f"{names} {verb} nobody to run the machines. {_usual(evaluation)}{_room(evaluation, without)}"


def _counts_people(option: Option) -> bool:
    """Say whether somebody runs the machines: people on an API's side of a mix do not."""
    if option.kind.is_api:
        return False
    return bool(option.ops_fte) or any(_counts_people(part.option) for part in option.parts)


def _usual(evaluation: Evaluation) -> str:
    least, most = USUAL_FTE
    text = f"Usual are {quantity(least)} to {quantity(most)} FTE"
    yearly = evaluation.question.loaded_cost_per_fte_year
    if not yearly:
        return f"{text}, on top of the rent."
    low, high = (operations(fte=fte, loaded_cost_per_fte_year=yearly) for fte in USUAL_FTE)
    currency = evaluation.question.currency
    return f"{text}, {sum_of(low, currency)} to {sum_of(high, '')} a month."


def _room(evaluation: Evaluation, without: list[OptionFigures]) -> str:
    """Say how many people the best saving over a self-run option's dearest rival pays for."""
    best = min(without, key=lambda each: each.total)
    rivals = [each for each in evaluation.figures if not each.is_self_hosted]
    dearer = [each for each in rivals if each.total > best.total]
    yearly = evaluation.question.loaded_cost_per_fte_year
    if not dearer or not yearly:
        return ""
    rival = min(dearer, key=lambda each: each.total)
    saving = rival.total - best.total
    fte = fte_paid_by(saving_per_month=saving, loaded_cost_per_fte_year=yearly) or Decimal(0)
    return (
        f" What {best.name} saves against {rival.name}, {sum_of(saving, evaluation.question.currency)} a month, "
        f"pays for {quantity(round(fte, 2))} FTE; more people than that turn it into a loss."
    )
