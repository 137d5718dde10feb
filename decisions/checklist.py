"""Which nine questions must a team answer, what do the figures suggest, and what do the answers say?

Three of the questions are gates: no number of other answers makes up for them. The eighth has
three answers, because a rule can demand either path. The first is a comparison with the team's
own rent and people, never with a sum that held for somebody else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from decisions.figures import Evaluation, OptionFigures, Reading, Suggestion
from decisions.question import Answer
from decisions.requirements import met, quality, quality_shortfalls, reaches_frontier
from decisions.words import percent, quantity, sum_of

PLAIN = ("yes", "no", "not_applicable")
DEMANDS = ("free", "demands_self_hosting", "demands_api")
QUARTER_DAYS = 92
STEADY_SWING = 3.0
"""Peak hours up to three times the mean are an ordinary working day."""
CLEAR_MARGIN = Decimal("0.10")
"""Self-hosting wins clearly when it costs a tenth less over the horizon."""
LONGEST_PAYBACK_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class ChecklistQuestion:
    """One of the nine questions. ``needs`` names, for a gate, what is missing without a yes."""

    id: str
    text: str
    needs: str = ""
    answers: tuple[str, ...] = PLAIN

    @property
    def is_gate(self) -> bool:
        """Whether nothing else makes up for a missing yes."""
        return bool(self.needs)


QUESTIONS = (
    ChecklistQuestion(
        id="spend", text="Do you spend more on APIs than your own machines and people would cost?"
    ),
    ChecklistQuestion(id="steady", text="Is the workload steady and predictable?"),
    ChecklistQuestion(
        id="expertise", text="Does the team have, or can it hire, people who run inference?"
    ),
    ChecklistQuestion(id="model-quality", text="Is there an open model that is good enough?"),
    ChecklistQuestion(id="latency", text="Can self-hosting meet the latency that you need?"),
    ChecklistQuestion(
        id="cost-math",
        text="Is the cost worked out in detail, operations included?",
        needs="cost with operations",
    ),
    ChecklistQuestion(id="fallback", text="Is there a fallback plan?", needs="fallback plan"),
    ChecklistQuestion(
        id="compliance",
        text="Do compliance and privacy leave both paths open?",
        answers=(*DEMANDS, *PLAIN),
    ),
    ChecklistQuestion(
        id="revisit", text="Will you revisit this each quarter?", needs="quarterly review"
    ),
)


def read_answers(answers: Mapping[str, Answer]) -> Reading:
    """Return how many of the nine are yes and which gates are missing.

    Questions that do not apply are not counted. A gate that does not apply is still a gate.

    >>> yes = Answer(answer="yes")
    >>> given = {question.id: yes for question in QUESTIONS}
    >>> read_answers({**given, "fallback": Answer(answer="no"), "steady": Answer(answer="no")}).says
    '7 of 9; gate missing: fallback plan'
    """
    given = {name: answer.answer for name, answer in answers.items()}
    counted = [each for each in QUESTIONS if given.get(each.id) != "not_applicable"]
    yes = sum(given.get(each.id) in {"yes", "free"} for each in counted)
    missing = tuple(each.needs for each in QUESTIONS if each.needs and given.get(each.id) != "yes")
    says = f"{yes} of {len(counted)}"
    if missing:
        says += f"; gate{'s' if len(missing) > 1 else ''} missing: {', '.join(missing)}"
    if given.get("compliance") in DEMANDS[1:]:
        path = "self-hosting" if given["compliance"] == "demands_self_hosting" else "an API"
        says += f"; compliance demands {path}"
    return Reading(yes=yes, of=len(counted), gates_missing=missing, says=says)


def merged(
    answers: Mapping[str, Answer], suggestions: Mapping[str, Suggestion]
) -> dict[str, Answer]:
    """Return the team's answers, and what the figures suggest where the team has not answered."""
    suggested = {
        name: Answer(answer=each.answer, evidence=each.why)
        for name, each in suggestions.items()
        if each.answer is not None
    }
    return {**suggested, **answers}


def suggest(evaluation: Evaluation) -> dict[str, Suggestion]:
    """Return for each question what the figures say; no answer where they are silent."""
    suggesters: dict[str, Callable[[Evaluation], Suggestion]] = {
        "spend": _spend,
        "steady": _steady,
        "expertise": _expertise,
        "model-quality": _model_quality,
        "latency": _latency,
        "cost-math": _cost_math,
        "fallback": _fallback,
        "compliance": _compliance,
        "revisit": _revisit,
    }
    return {each.id: suggesters[each.id](evaluation) for each in QUESTIONS}


def advise(evaluation: Evaluation) -> str:
    """Return the advice: stay on APIs unless self-hosting is demanded or clearly wins."""
    own, api = _best(evaluation, self_hosted=True), _best(evaluation, self_hosted=False)
    demands = _demand(evaluation)
    if own is None or demands == "demands_api":
        return _stay(evaluation, own, api, "self-hosting is not open to you" if demands else "")
    if demands == "demands_self_hosting" or api is None:
        reason = "compliance demands it" if demands else "no API does what is needed"
        return (
            f"Self-host with {own.name}: {reason}. It costs {_sum(evaluation, own.total)} a month."
        )
    held_back = _held_back(evaluation, own, api)
    if held_back:
        return _stay(evaluation, own, api, held_back)
    return (
        f"Self-hosting clearly wins: {own.name} costs {_sum(evaluation, own.total)} a month and "
        f"{api.name} {_sum(evaluation, api.total)}; over {evaluation.question.horizon_months} "
        f"months it saves {_sum(evaluation, api.npv_cost - own.npv_cost)} in today's money."
    )


def _stay(
    evaluation: Evaluation, own: OptionFigures | None, api: OptionFigures | None, reason: str
) -> str:
    text = "Stay on APIs"
    if api is not None:
        text += f": {api.name} costs {_sum(evaluation, api.total)} a month"
    if own is not None:
        text += f", and {own.name} {_sum(evaluation, own.total)}"
    return f"{text}; {reason}." if reason else f"{text}."


def _held_back(evaluation: Evaluation, own: OptionFigures, api: OptionFigures) -> str:
    """Return why self-hosting does not clearly win; empty when it does."""
    saving = api.npv_cost - own.npv_cost
    if saving < CLEAR_MARGIN * api.npv_cost:
        share = saving / api.npv_cost if api.npv_cost else Decimal(0)
        wins = f"saves only {percent(share)}" if saving > 0 else "saves nothing"
        return f"over {evaluation.question.horizon_months} months self-hosting {wins}"
    months = own.one_off / (api.total - own.total) if api.total > own.total else None
    if own.one_off and (months is None or months > LONGEST_PAYBACK_MONTHS):
        return "self-hosting does not pay its set-up back within a year"
    if evaluation.reading and evaluation.reading.gates_missing:
        return f"before self-hosting there must be: {', '.join(evaluation.reading.gates_missing)}"
    return ""


def _best(evaluation: Evaluation, *, self_hosted: bool) -> OptionFigures | None:
    """Return the cheapest option of one side over the horizon, among those that do the most."""
    side = [each for each in evaluation.figures if each.is_self_hosted == self_hosted]
    question = evaluation.question
    able = [each for each in side if all(met(each, question).values())]
    if not able and not self_hosted and question.requirements.privacy:
        return None
    return min(able or side, key=lambda each: each.npv_cost, default=None)


def _sum(evaluation: Evaluation, amount: Decimal) -> str:
    return sum_of(amount, evaluation.question.currency)


def _demand(evaluation: Evaluation) -> str:
    """Return which path compliance demands; empty when it leaves both open."""
    answer = evaluation.question.answers.get("compliance")
    given = answer.answer if answer else _compliance(evaluation).answer
    return given if given in DEMANDS[1:] else ""


def _spend(evaluation: Evaluation) -> Suggestion:
    own, api = _best(evaluation, self_hosted=True), _best(evaluation, self_hosted=False)
    if own is None or api is None:
        return Suggestion(answer=None, why="It takes an API and a self-hosted option to compare.")
    why = (
        f"The threshold of this team is {_sum(evaluation, own.total)} a month: what {own.name} "
        f"costs, {_sum(evaluation, own.total - own.per_month.people)} for machines and "
        f"{_sum(evaluation, own.per_month.people)} for people. {api.name}, the cheapest API that does the "
        f"work, costs {_sum(evaluation, api.total)}."
    )
    return Suggestion(answer="yes" if api.total >= own.total else "no", why=why)


def _steady(evaluation: Evaluation) -> Suggestion:
    work = evaluation.question.workload
    if any(each.startswith("workload.peak_to_mean") for each in evaluation.question.assumed):
        return Suggestion(answer=None, why="How far the peak is above the mean was not stated.")
    why = (
        f"The busiest hour carries {quantity(round(work.swing, 1))} times the mean hour, so that "
        f"machines sized for it stand at {percent(1 / work.swing)} of the peak on average."
    )
    return Suggestion(answer="yes" if work.swing <= STEADY_SWING else "no", why=why)


def _expertise(evaluation: Evaluation) -> Suggestion:
    own = _best(evaluation, self_hosted=True)
    if own is None:
        return Suggestion(answer=None, why="No self-hosted option is being compared.")
    fte = sum((line.fixed for line in own.lines if line.unit == "FTE"), Decimal(0))
    why = f"{own.name} counts {quantity(fte)} FTE for operations."
    return Suggestion(answer="yes" if fte else "no", why=why)


def _model_quality(evaluation: Evaluation) -> Suggestion:
    own, wanted = _best(evaluation, self_hosted=True), evaluation.question.requirements
    if own is None:
        return Suggestion(answer=None, why="No self-hosted option is being compared.")
    if any(each.least_quality is not None for each in wanted.traffic):
        short = quality_shortfalls(own.option, evaluation.question)
        why = f"{'; '.join(short)}." if short else f"{own.name} reaches every class's bar."
        return Suggestion(answer="no" if short else "yes", why=why)
    measured = quality(own.option)
    if wanted.least_quality is not None and measured is not None:
        why = f"{own.name} was measured at {measured:.0%}; {wanted.least_quality:.0%} is needed."
        return Suggestion(answer="yes" if measured >= wanted.least_quality else "no", why=why)
    if wanted.frontier_quality and not reaches_frontier(own.option):
        return Suggestion(
            answer="no", why="Frontier quality is needed, and only closed APIs have it."
        )
    return Suggestion(answer=None, why="No measured quality is stated beside the quality needed.")


def _latency(evaluation: Evaluation) -> Suggestion:
    own, work = _best(evaluation, self_hosted=True), evaluation.question.workload
    if work.ttft_ms is None and work.tpot_ms is None:
        return Suggestion(answer="yes", why="No latency is demanded.")
    if own is None or own.fits is None:
        return Suggestion(answer=None, why="No self-hosted option with a known GPU and model.")
    does = met(own, evaluation.question)
    in_time = does.get("ttft_ms", True) and does.get("tpot_ms", True) and own.fits
    verb = "answers" if in_time else "does not answer"
    return Suggestion(answer="yes" if in_time else "no", why=f"{own.name} {verb} in time.")


def _cost_math(evaluation: Evaluation) -> Suggestion:
    own = [each for each in evaluation.figures if each.is_self_hosted]
    without = [each.name for each in own if not each.per_month.people]
    if without:
        return Suggestion(answer="no", why=f"No operations are counted for {', '.join(without)}.")
    return Suggestion(answer="yes", why="Operations are counted wherever machines are.")


def _fallback(evaluation: Evaluation) -> Suggestion:
    subject = evaluation.subject
    if not subject.is_self_hosted:
        return Suggestion(answer="yes", why=f"{subject.name} is run by its provider.")
    leaves = [subject.option, *(leaf for leaf, _ in subject.option.leaves())]
    named = [each.fallback.option for each in leaves if each.fallback]
    care = evaluation.question.reliability.get("fallback")
    if care and care.owner and care.tested_on:
        to = f" to {named[0]}" if named else ""
        age = _days_since(care.tested_on, evaluation)
        if age is not None and age > QUARTER_DAYS:
            why = f"The fallback{to} was last tested {age} days ago, on {care.tested_on}."
            return Suggestion(answer="no", why=why)
        why = f"{care.owner} looks after the fallback{to} and tested it on {care.tested_on}."
        return Suggestion(answer="yes", why=why)
    if named:
        return Suggestion(answer="yes", why=f"{subject.name} falls back on {named[0]}.")
    return Suggestion(answer="no", why=f"{subject.name} names no fallback.")


def _days_since(day: date, evaluation: Evaluation) -> int | None:
    today = evaluation.question.as_of
    return None if today is None else (today - day).days


def _compliance(evaluation: Evaluation) -> Suggestion:
    wanted = evaluation.question.requirements
    if wanted.privacy:
        return Suggestion(answer="demands_self_hosting", why="Data must stay on your own machines.")
    if wanted.api_only:
        return Suggestion(answer="demands_api", why="Only an API is allowed.")
    return Suggestion(answer="free", why="No requirement rules either path out.")


def _revisit(evaluation: Evaluation) -> Suggestion:
    last, today = evaluation.question.last_reviewed_on, evaluation.question.as_of
    if last is None or today is None:
        return Suggestion(answer=None, why="No review has been recorded.")
    days = (today - last).days
    answer = "yes" if days <= QUARTER_DAYS else "no"
    return Suggestion(answer=answer, why=f"The last review was {days} days ago, on {last}.")
