"""What would change the answer, what comes if prices go on moving, and what has waiting cost?"""

import copy
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from decisions import evaluation, quarters, standing
from decisions.figures import Evaluation, OptionFigures
from decisions.formulas import drift, npv, turning
from decisions.formulas.lines import Line, Nature, bills_of_months
from decisions.models import Decision
from decisions.requirements import met
from pricing import queries

DAYS_PER_MONTH = Decimal(365) / 12
MOST_MOMENTS = 60
PLACES = Decimal("0.00000001")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A way in which prices or volume may go on, as changes per year (volume: per month)."""

    says: str
    api_per_year: Decimal = Decimal(0)
    rent_per_year: Decimal = Decimal(0)
    growth_per_month: Decimal = Decimal(0)


SCENARIOS = (
    Scenario(says="Token prices fall 30% a year", api_per_year=Decimal("-0.3")),
    Scenario(says="GPU rents fall 20% a year", rent_per_year=Decimal("-0.2")),
    Scenario(says="GPU rents rise 20% a year", rent_per_year=Decimal("0.2")),
    Scenario(says="The volume grows 5% a month", growth_per_month=Decimal("0.05")),
    Scenario(says="The volume shrinks 5% a month", growth_per_month=Decimal("-0.05")),
)


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a scenario does over the horizon; ``flips_in`` counts months until another is cheaper."""

    says: str
    best: str
    changes: bool
    costs_more: Decimal
    flips_in: Decimal | None
    flips_to: str


def turns(found: Evaluation, best: str) -> list[turning.Turn]:
    """Return what would have to move how far for another able option to be cheaper, nearest first."""
    able = _able(found)
    if best not in {each.name for each in able}:
        return []
    months = found.question.horizon_months
    costs = {each.name: (each.lines, each.one_off / months) for each in able}
    volume = [
        turning.Turn(
            what="volume",
            factor=Decimal(point.tokens_per_month) / found.question.workload.tokens_per_month,
            to=next(name for name in point.between if name != best),
        )
        for point in found.break_evens
        if best in point.between and set(point.between) <= costs.keys()
    ]
    nearest = min(volume, key=lambda turn: abs(turn.distance), default=None)
    others = turning.turns(costs, best)
    found_turns = [*others, *([nearest] if nearest else [])]
    return sorted(found_turns, key=lambda turn: abs(turn.distance))


def scenarios(found: Evaluation, best: str) -> list[Played]:
    """Return each scenario's best option over the horizon, and when the best of today is passed."""
    return [_played(each, found, best) for each in SCENARIOS if _able(found)]


def _able(found: Evaluation) -> list[OptionFigures]:
    return [each for each in found.figures if all(met(each, found.question).values())]


def _played(scenario: Scenario, found: Evaluation, best: str) -> Played:
    question = found.question
    growth = (1 + question.workload.growth_per_month) * (1 + scenario.growth_per_month) - 1
    bills = {
        each.name: bills_of_months(
            [_drifting(line, scenario) for line in each.lines],
            months=question.horizon_months + 1,
            growth_per_month=growth,
        )
        for each in _able(found)
    }
    costs = {
        each.name: npv.cost_today(
            one_off=each.one_off,
            monthly=bills[each.name][: question.horizon_months],
            rate_per_year=question.discount_rate_per_year,
        )
        for each in _able(found)
    }
    then = min(costs, key=lambda name: costs[name])
    flips = {n: drift.flip(ours=bills[best], theirs=b) for n, b in bills.items() if best in bills}
    months = {name: month for name, month in flips.items() if month is not None}
    to = min(months, key=lambda name: months[name], default="")
    return Played(
        says=scenario.says,
        best=then,
        changes=then != best,
        costs_more=costs.get(best, costs[then]) - costs[then],
        flips_in=months.get(to),
        flips_to=to,
    )


def _drifting(line: Line, scenario: Scenario) -> Line:
    yearly = {Nature.API_PRICE: scenario.api_per_year, Nature.RENT: scenario.rent_per_year}
    change = yearly.get(line.nature, Decimal(0))
    if not change:
        return line
    monthly = drift.drift_per_month(factor=1 + change, months=12)
    return replace(line, drift_per_month=(1 + line.drift_per_month) * (1 + monthly) - 1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """From this moment on: what the signed choice costs, and what the best option then costs."""

    at: datetime
    chosen_per_month: Decimal
    best: str
    best_per_month: Decimal

    @property
    def regret_per_month(self) -> Decimal:
        """What the signed choice costs above the best option."""
        return self.chosen_per_month - self.best_per_month


@dataclass(frozen=True, kw_only=True)
class Replay:
    """The signed decision at the prices that were seen since: its question is as it was signed."""

    chosen: str
    signed_at: datetime
    steps: tuple[Step, ...]
    until: datetime

    @property
    def crossed_at(self) -> datetime | None:
        """Since when another option has been best without a break; None when none is."""
        since = None
        for step in self.steps:
            if step.best == self.chosen:
                since = None
            elif since is None:
                since = step.at
        return since

    def cost(self) -> Decimal:
        """Return the money that the signed choice has cost above the best since it was signed."""
        return sum(self.quarters().values(), Decimal(0))

    def quarters(self) -> dict[str, Decimal]:
        """Return the regret of each calendar quarter, oldest first."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        ends = [*(step.at for step in self.steps[1:]), self.until]
        for step, end in zip(self.steps, ends, strict=True):
            for name, days in _days_by_quarter(step.at, end):
                found[name] += step.regret_per_month * days / DAYS_PER_MONTH
        return dict(found)


def _days_by_quarter(start: datetime, end: datetime) -> Iterator[tuple[str, Decimal]]:
    here = start
    while here < end:
        year, quarter = quarters.of(here.date())
        last = quarters.last_day(year, quarter)
        next_start = here.replace(hour=0, minute=0, second=0, microsecond=0)
        next_start = next_start.replace(year=last.year, month=last.month, day=last.day)
        stop = min(end, next_start + (datetime.resolution * 86_400_000_000))
        yield f"{year} Q{quarter}", Decimal((stop - here).total_seconds()) / 86_400
        here = stop


def replay(
    decision: Decision, record: Mapping[str, Any], *, signed_at: datetime, until: datetime
) -> Replay | None:
    """Return the signed question at every stored price since; None when nothing was chosen in it."""
    chosen = record["question"].get("chosen")
    if chosen is None:
        return None
    seen = {p["observation_id"]: p for p in record["prices"] if p.get("observation_id")}
    places = queries.places_of(seen)
    moments = queries.moments(
        {offer for offer, _ in places.values()}, team_id=decision.team_id, since=signed_at
    )
    steps = [_step(dict(record["question"]), chosen, signed_at)]
    for at in thinned(moments, MOST_MOMENTS):
        raw = _at_prices_of(record["question"], seen, places, decision, at=at)
        steps.append(_step(raw, chosen, at))
    return Replay(
        chosen=chosen,
        signed_at=signed_at,
        steps=tuple(step for step in steps if step),
        until=until,
    )


def thinned(moments: Sequence[datetime], at_most: int) -> list[datetime]:
    """Return at most that many moments, evenly from the first to the last, which always stay.

    So a long time is replayed more coarsely, and no stretch of it at the prices of the signature.

    >>> thinned([datetime(2026, 1, day) for day in (1, 2, 3, 4, 5)], 3)[1].day
    3
    """
    if len(moments) <= at_most:
        return list(moments)
    step = Fraction(len(moments) - 1, at_most - 1)
    return [moments[round(step * place)] for place in range(at_most)]


def _at_prices_of(
    question: Mapping[str, Any],
    seen: Mapping[int, Mapping[str, Any]],
    places: Mapping[int, tuple[int, str]],
    decision: Decision,
    *,
    at: datetime,
) -> dict[str, Any]:
    """Return the signed question with the prices of a moment, at the exchange rate that was signed."""
    raw: dict[str, Any] = copy.deepcopy(dict(question))
    offers = queries.prices_for(
        {offer for offer, _ in places.values()}, team_id=decision.team_id, at=at
    )
    by_name = {option["name"]: option for option in raw["options"]}
    for observation, used in seen.items():
        offer, measure = places.get(observation, (0, ""))
        held = offers[offer].measures.get(measure) if offer in offers else None
        if held is None or held.currency != used["currency"] or used["option"] not in by_name:
            continue
        amount = held.amount * Decimal(used["rate"] or 1)
        by_name[used["option"]][used["field"]] = float(amount.quantize(PLACES))
    return raw


def _step(raw: dict[str, Any], chosen: str, at: datetime) -> Step | None:
    try:
        result = evaluation.as_json(evaluation.evaluate(evaluation.read(raw), draws=0))
    except evaluation.BadInput:
        return None
    totals = {o["name"]: standing.total_per_month(o) or Decimal(0) for o in result["options"]}
    best = standing.best_of(result) or chosen
    return Step(at=at, chosen_per_month=totals[chosen], best=best, best_per_month=totals[best])
