"""Which of a decision's own machines should carry the base load, and which API the rest?

The formula tries every whole number of replicas; here it gets its terms from the evaluation, and its
answer becomes an option that the team can add.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from decisions.figures import Evaluation, OptionFigures
from decisions.formulas import capacity, fleet
from decisions.formulas.lines import Line, Part
from decisions.models import Option
from decisions.question import Workload
from decisions.requirements import met

SHARE = Decimal("0.000001")
HOURS = fleet.HOURS
# The number of machines and the fallback are the mix's own.
NOT_COPIED = {"gpus", "replicas", "hours_per_month", "fallback", "peak_to_mean"}


@dataclass(frozen=True, kw_only=True)
class Mix:
    """A plan for one self-hosted option and one API. `spare` replicas stand by beside the plan's."""

    own: OptionFigures
    api: OptionFigures
    terms: fleet.Terms
    hours: tuple[float, ...]
    hours_are_assumed: bool
    spare: int
    tensor_parallel: int
    plan: fleet.Plan

    @property
    def replicas(self) -> int:
        """The copies that the best plan runs, the spare one included; 0 when none pays."""
        return self.plan.best.replicas and self.plan.best.replicas + self.spare

    @property
    def name(self) -> str:
        """What the mix is called as an option."""
        return f"{self.replicas} × {self.own.name}, peaks to {self.api.name}"[:80]


def owners(found: Evaluation) -> list[OptionFigures]:
    """Return the options that can carry a base load: rented by the hour, with known capacity."""
    return [each for each in found.figures if _gpu_line(each) and _replica(each)]


def apis(found: Evaluation) -> list[OptionFigures]:
    """Return the options that can take what overflows, what does all that is asked first."""
    able = [each for each in found.figures if each.is_api and each.per_mtok and not each.serving]
    return sorted(able, key=lambda each: (not all(met(each, found.question).values()), each.total))


def mix(found: Evaluation, *, own: OptionFigures, api: OptionFigures) -> Mix:
    """Return the plan for these two options over the workload's hours.

    Raises ValueError where the option has no machines to plan with, or the API no price.
    """
    replica, line = _replica(own), _gpu_line(own)
    if replica is None or line is None or not api.per_mtok:
        raise ValueError("own: an option without machines of a known capacity")
    work = found.question.workload
    spare = int(work.availability is not None and work.availability >= capacity.SPARE_FROM)
    rent = float(line.price) * replica.tensor_parallel / HOURS
    terms = fleet.Terms(
        tokens_per_hour=capacity.carried_per_hour(replica),
        rent_per_hour=rent,
        api_per_mtok=float(api.per_mtok),
        fixed_per_month=float(_fixed(own.lines, but=line)) + spare * rent * HOURS,
    )
    hours, are_assumed = hours_of(work)
    return Mix(
        own=own,
        api=api,
        terms=terms,
        hours=tuple(hours),
        hours_are_assumed=are_assumed,
        spare=spare,
        tensor_parallel=replica.tensor_parallel,
        plan=fleet.plan(hourly_tokens=hours, terms=terms),
    )


def hours_of(work: Workload) -> tuple[Sequence[float], bool]:
    """Return the workload's hours as tokens, scaled to its month, and whether they are assumed."""
    tokens = float(work.tokens_per_month)
    if not work.hourly_tokens:
        hours = fleet.assumed_hours(tokens_per_month=tokens, peak_to_mean=work.peak_to_mean)
        return hours, True
    mean = sum(work.hourly_tokens) / len(work.hourly_tokens)
    return [hour / mean * tokens / HOURS for hour in work.hourly_tokens], False


def as_figures(found: Mix, own: Option) -> dict[str, Any]:
    """Return the figures of the mix as a hybrid option: so many replicas, and the API for the rest.

    What reaches the replicas and how far its peak stands above its mean are rounded down, so that
    they never ask for one replica more than the plan has.
    """
    best = found.plan.best
    share = Decimal(best.own_share).quantize(SHARE, rounding="ROUND_DOWN")
    peak = fleet.base_peak_to_mean(
        hourly_tokens=found.hours, terms=found.terms, replicas=best.replicas
    )
    kept = {k: v for k, v in own.figures.items() if k not in NOT_COPIED}
    base = {
        **kept,
        "name": f"{found.replicas} × {own.name}"[:80],
        "kind": own.kind,
        "replicas": found.replicas,
        "peak_to_mean": max(1.0, math.floor(peak * 1e4) / 1e4),
    }
    if own.offer_id is not None:
        base["offer_id"] = own.offer_id
    parts = [
        {"option": base, "share": float(share)},
        {"option": found.api.name, "share": float(1 - share)},
    ]
    return {
        "parts": [part for part in parts if part["share"]],
        "fallback": {"option": found.api.name, "share": 0.0},
    }


def default_pair(found: Evaluation) -> tuple[OptionFigures, OptionFigures] | None:
    """Return the pair whose best plan costs least; None when there is no pair."""
    pairs = [(own, api) for own in owners(found) for api in apis(found)[:1]]
    return min(pairs, key=lambda p: mix(found, own=p[0], api=p[1]).plan.best.total, default=None)


def named(figures: Iterable[OptionFigures], name: str | None) -> OptionFigures | None:
    """Return the figures of that name, None when there are none."""
    return next((each for each in figures if each.name == name), None)


def _replica(figures: OptionFigures) -> capacity.Replica | None:
    machines = figures.option.machines
    if machines is None or machines.replica is None or not machines.replica.fits:
        return None
    return machines.replica


def _gpu_line(figures: OptionFigures) -> Line | None:
    """Return the line of GPUs that are paid for by the hour, busy or not."""
    return next((x for x in figures.lines if x.part is Part.GPUS and x.unit == "GPUs"), None)


def _fixed(lines: Iterable[Line], *, but: Line) -> Decimal:
    """Return what is paid a month as soon as there is one replica: people, storage."""
    return sum((line.price * line.fixed for line in lines if line is not but), Decimal(0))
