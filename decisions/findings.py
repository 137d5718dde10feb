"""Which of the usual reasons for and against self-hosting does this workload give, beside money?

Six reasons speak for it: scale, a steady load, privacy, a model of one's own, latency, and a cost per
token below break-even. Seven speak against: a small or a changing scale, spikes, the need for frontier
models, no people for it, many changes, and many regions. Where two are ends of one scale they are one
finding. Each has its figure; what nobody has stated is unknown and counts on neither side.
"""

from collections.abc import Callable
from decimal import Decimal

from decisions.figures import Evaluation, Finding, OptionFigures
from decisions.requirements import met
from decisions.words import money, percent, quantity

FOR, AGAINST, NEUTRAL, UNKNOWN = "for", "against", "neutral", "unknown"
STEADY_SWING = 3.0
"""Peak hours up to three times the mean are an ordinary working day."""
SPIKY_SWING = 10.0
"""From ten times on, machines sized for the peak stand idle nine hours in ten."""
FAST_FIRST_TOKEN_MS = 100.0
"""Below this an answer has no time to cross networks that somebody else runs."""
STEEP_GROWTH = Decimal("0.10")
MANY_CHANGES = 3.0
"""Another model or configuration each month: every one is a deployment."""
SMALL_TEAM_FTE = Decimal("0.25")


def read(evaluation: Evaluation) -> tuple[Finding, ...]:
    """Return the findings, in the order of a conversation about them."""
    return tuple(find(evaluation) for find in FINDERS)


def counted(findings: tuple[Finding, ...]) -> tuple[int, int]:
    """Return how many findings speak for self-hosting, and how many against."""
    directions = [each.direction for each in findings]
    return directions.count(FOR), directions.count(AGAINST)


def _sides(evaluation: Evaluation) -> tuple[OptionFigures | None, OptionFigures | None]:
    """Return the cheapest self-hosted option and the cheapest API, of those that do the most."""

    def order(figures: OptionFigures) -> tuple[bool, Decimal]:
        return (not all(met(figures, evaluation.question).values()), figures.total)

    own = [each for each in evaluation.figures if each.is_self_hosted]
    apis = [each for each in evaluation.figures if each.is_api]
    return min(own, key=order, default=None), min(apis, key=order, default=None)


def _scale(evaluation: Evaluation) -> Finding:
    own, api = _sides(evaluation)
    topic = "Scale: API spend against own machines and people"
    if own is None or api is None:
        return _unknown("scale", topic, "It takes an API and a self-hosted option to compare.")
    currency = evaluation.question.currency
    says = (
        f"{api.name} costs {money(api.total)} {currency} a month; own machines and people cost "
        f"{money(own.total)} ({own.name})."
    )
    return _finding("scale", topic, FOR if api.total > own.total else AGAINST, says)


def _growth(evaluation: Evaluation) -> Finding:
    growth = evaluation.question.workload.growth_per_month
    says = f"The volume is expected to change by {percent(growth)} a month."
    direction = AGAINST if abs(growth) >= STEEP_GROWTH else NEUTRAL
    return _finding("growth", "A changing scale", direction, says)


def _steadiness(evaluation: Evaluation) -> Finding:
    topic = "A steady load or spikes"
    if any(each.startswith("workload.peak_to_mean") for each in evaluation.question.assumed):
        return _unknown("steadiness", topic, "How far the peak is above the mean was not stated.")
    swing = evaluation.question.workload.swing
    says = f"The busiest hour carries {quantity(round(swing, 1))} times the mean hour."
    direction = FOR if swing <= STEADY_SWING else AGAINST if swing >= SPIKY_SWING else NEUTRAL
    return _finding("steadiness", topic, direction, says)


def _privacy(evaluation: Evaluation) -> Finding:
    wanted = evaluation.question.requirements
    classes = [each for each in wanted.traffic if each.privacy]
    share = Decimal(1) if wanted.privacy else sum((each.share for each in classes), Decimal(0))
    if wanted.api_only:
        return _finding("privacy", "Privacy and compliance", AGAINST, "A rule demands an API.")
    if not share:
        return _finding(
            "privacy", "Privacy and compliance", NEUTRAL, "No rule keeps the data in-house."
        )
    says = f"{percent(share)} of the tokens must stay on infrastructure of one's own."
    return _finding("privacy", "Privacy and compliance", FOR, says)


def _custom(evaluation: Evaluation) -> Finding:
    wanted = evaluation.question.requirements
    needed = wanted.custom_model or any(each.custom_model for each in wanted.traffic)
    says = "A model of one's own is needed." if needed else "No model of one's own is needed."
    return _finding("custom-model", "A custom model", FOR if needed else NEUTRAL, says)


def _latency(evaluation: Evaluation) -> Finding:
    limit = evaluation.question.workload.ttft_ms
    if limit is None:
        return _finding("latency", "Control of latency", NEUTRAL, "No first-token time is asked.")
    says = f"The first token is asked within {quantity(limit)} ms."
    direction = FOR if limit < FAST_FIRST_TOKEN_MS else NEUTRAL
    return _finding("latency", "Control of latency", direction, says)


def _cost_per_token(evaluation: Evaluation) -> Finding:
    own, api = _sides(evaluation)
    topic = "Cost per token below break-even"
    if own is None or api is None or own.per_mtok is None or api.per_mtok is None:
        return _unknown("cost-per-token", topic, "There are not two sides to compare.")
    currency = evaluation.question.currency
    says = (
        f"{own.name} costs {money(own.per_mtok)} {currency} per million tokens at today's volume, "
        f"{api.name} {money(api.per_mtok)}."
    )
    direction = FOR if own.per_mtok < api.per_mtok else AGAINST
    return _finding("cost-per-token", topic, direction, says)


def _frontier(evaluation: Evaluation) -> Finding:
    needed = evaluation.question.requirements.frontier_quality
    says = "Frontier quality is needed." if needed else "Frontier quality is not asked."
    return _finding("frontier", "Need for frontier models", AGAINST if needed else NEUTRAL, says)


def _team(evaluation: Evaluation) -> Finding:
    topic = "People to run it"
    answer = evaluation.question.answers.get("expertise")
    own = _sides(evaluation)[0]
    if answer is not None and answer.answer == "no":
        return _finding("team", topic, AGAINST, "The team has nobody who runs inference.")
    if own is None:
        return _unknown("team", topic, "No self-hosted option is being compared.")
    fte = sum((line.fixed for line in own.lines if line.unit == "FTE"), Decimal(0))
    says = f"{own.name} counts {quantity(fte)} FTE for operations."
    direction = NEUTRAL if fte >= SMALL_TEAM_FTE else AGAINST
    return _finding("team", topic, direction, says)


def _iteration(evaluation: Evaluation) -> Finding:
    topic = "Rapid iteration"
    changes = evaluation.question.requirements.changes_per_quarter
    if changes is None:
        return _unknown("iteration", topic, "How often models change was not stated.")
    says = f"{quantity(changes)} changes of model or configuration a quarter."
    return _finding("iteration", topic, AGAINST if changes >= MANY_CHANGES else NEUTRAL, says)


def _regions(evaluation: Evaluation) -> Finding:
    topic = "Users in many regions"
    regions = evaluation.question.requirements.regions
    if regions is None:
        return _unknown("regions", topic, "In how many regions the users are was not stated.")
    says = (
        f"Users are in {quantity(regions)} region{'s' if regions > 1 else ''}; each needs machines."
    )
    return _finding("regions", topic, AGAINST if regions > 1 else NEUTRAL, says)


def _finding(name: str, topic: str, direction: str, says: str) -> Finding:
    return Finding(id=name, topic=topic, direction=direction, says=says)


def _unknown(name: str, topic: str, says: str) -> Finding:
    return _finding(name, topic, UNKNOWN, says)


FINDERS: tuple[Callable[[Evaluation], Finding], ...] = (
    _scale,
    _steadiness,
    _privacy,
    _custom,
    _latency,
    _cost_per_token,
    _growth,
    _frontier,
    _team,
    _iteration,
    _regions,
)
