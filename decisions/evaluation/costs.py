"""Of which lines does the monthly bill of an option consist, and what is spent once?"""

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from decisions.formulas import capacity, owned, people
from decisions.formulas.bills import HOURS_PER_MONTH, TOKENS_PER_MTOK, token_classes
from decisions.formulas.capacity import Replica
from decisions.formulas.lines import Floats, Line, Nature, Part
from decisions.formulas.spot import downtime_hours
from decisions.question import Kind, Machines, Option, Question, Workload
from decisions.words import money, price, quantity

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class Sizing:
    """The replicas that a workload asks for at each volume; its peaks grow with the volume."""

    replica: Replica
    workload: Workload

    def replicas(self, scales: Floats) -> Floats:
        """Return whole replicas at each scale of today's volume, spare ones included."""
        work = self.workload
        peak = work.peak_concurrent_requests
        needed = capacity.replicas_needed(
            self.replica,
            scales * float(work.tokens_per_month),
            peak_to_mean=work.swing,
            peak_concurrent_requests=None if peak is None else 0.0,
            availability=work.availability,
        ).astype(np.float64)
        if peak is None:
            return needed
        spare = work.availability is not None and work.availability >= capacity.SPARE_FROM
        in_flight = np.ceil(peak * scales / self.replica.throughput.concurrency)
        return np.maximum(needed, in_flight + float(spare))

    @property
    def band(self) -> tuple[float, float]:
        """Throughput at its 10th and its 90th percentile over its median."""
        made = self.replica.throughput
        return made.p10 / made.p50, made.p90 / made.p50

    def at(self, scale: float) -> int:
        """Return whole replicas at one scale."""
        return int(self.replicas(np.array([scale]))[0])


def all_lines(option: Option, question: Question) -> tuple[Line, ...]:
    """Return the lines of an option as it is compared: with the reliability plan where it self-hosts.

    The plan is the team's, so it is counted once, however many parts of a mix are its own machines.
    """
    lines = lines_of(option, question)
    plan = sum((each.monthly_cost for each in question.reliability.values()), ZERO)
    if not plan or not any(leaf.kind.is_self_hosted for leaf, _ in option.leaves()):
        return lines
    return (*lines, _fixed_sum(Part.OTHER, plan, "the reliability plan"))


def lines_of(option: Option, question: Question) -> tuple[Line, ...]:
    """Return every line of an option's monthly bill, its people and its fallback included."""
    parts = [
        line.for_share(part.share)
        for part in option.parts
        for line in lines_of(part.option, question)
    ]
    own = [*parts, *_serving_lines(option, question)]
    share = fallback_share(option)
    kept = [line.for_share(1 - share) for line in own]
    return (*kept, *_fallback_lines(option, question, share), *_overhead(option, question))


def one_off(option: Option, question: Question) -> Decimal:
    """Return what is spent once: setting up, and money paid up front without a term."""
    own = option.setup.cost
    if option.setup.weeks is not None:
        own += people.setup(
            weeks=option.setup.weeks,
            people=option.setup.people or ONE,
            loaded_cost_per_fte_year=question.loaded_cost_per_fte_year,
        )
    if option.machines and not option.machines.term_months:
        own += option.machines.upfront_cost
    return own + sum((one_off(part.option, question) for part in option.parts), ZERO)


def one_off_says(option: Option, question: Question) -> str:
    """Return in words what is spent once."""
    setup, words = option.setup, []
    if setup.weeks:
        words.append(
            f"{quantity(setup.weeks)} weeks × {quantity(setup.people or ONE)} people × "
            f"{money(question.loaded_cost_per_fte_year)} {question.currency}/year ÷ 52"
        )
    elif setup.cost:
        words.append(f"set-up {money(setup.cost)} {question.currency}")
    if option.machines and option.machines.upfront_cost and not option.machines.term_months:
        words.append(f"up front {money(option.machines.upfront_cost)} {question.currency}")
    words += [one_off_says(part.option, question) for part in option.parts]
    return " + ".join(word for word in words if word != "nothing") or "nothing"


def leaving(option: Option, question: Question) -> Decimal:
    """Return what is still owed for the option, and for its parts, when the team leaves it."""
    today, own = question.as_of, option.commitment
    owed = own.owed(today) if own and today else ZERO
    return owed + sum((leaving(part.option, question) for part in option.parts), ZERO)


def leaving_says(option: Option, question: Question) -> str:
    """Return in words what is still owed."""
    today, own, words = question.as_of, option.commitment, []
    if own and today:
        left = quantity(round(own.months_left(today), 1))
        words.append(
            f"{left} months until {own.until} × {money(own.per_month)} {question.currency}/month"
        )
    words += [leaving_says(part.option, question) for part in option.parts]
    return " + ".join(word for word in words if word)


def downtime(option: Option) -> Decimal:
    """Return the hours a month in which spot interruptions leave the option without service."""
    return downtime_hours(option.spot) if option.spot else ZERO


def fallback_share(option: Option) -> Decimal:
    """Return the share of tokens that the fallback takes: its own, and what falls into outages."""
    if option.fallback is None:
        return ZERO
    stated = option.fallback.share
    return stated + (1 - stated) * downtime(option) / HOURS_PER_MONTH


def serving_leaves(option: Option, share: Decimal = ONE) -> list[tuple[Option, Decimal]]:
    """Return the options with GPUs that do the work, each with the share that reaches it."""
    share *= 1 - fallback_share(option)
    if option.kind.has_gpus:
        return [(option, share)]
    return [
        leaf for part in option.parts for leaf in serving_leaves(part.option, share * part.share)
    ]


def serving_lines(option: Option, question: Question) -> tuple[Line, ...]:
    """Return the lines for tokens and machines alone, without people, extras and fallback."""
    parts = [
        line.for_share(part.share)
        for part in option.parts
        for line in serving_lines(part.option, question)
    ]
    return (*parts, *_serving_lines(option, question))


def _serving_lines(option: Option, question: Question) -> tuple[Line, ...]:
    if option.kind is Kind.HYBRID:
        return ()
    if option.monthly_cost is not None:
        return (_bill_line(option, question),)
    if option.machines is None:
        return _token_lines(option, question)
    return _machine_lines(option, option.machines, question)


def _fallback_lines(option: Option, question: Question, share: Decimal) -> tuple[Line, ...]:
    """What the fallback asks for its share, without its own people and its own fallback."""
    if option.fallback is None:
        return ()
    lines = serving_lines(question.by_name[option.fallback.option], question)
    return tuple(replace(line.for_share(share), part=Part.OTHER) for line in lines)


def _overhead(option: Option, question: Question) -> tuple[Line, ...]:
    lines = []
    if option.ops_fte:
        yearly = question.loaded_cost_per_fte_year
        month = people.operations(fte=ONE, loaded_cost_per_fte_year=yearly)
        says = f"{money(yearly)} {question.currency}/year ÷ 12"
        lines.append(
            Line(
                part=Part.PEOPLE,
                nature=Nature.WAGES,
                unit="FTE",
                price=month,
                price_says=says,
                fixed=option.ops_fte,
            )
        )
    if option.other_monthly:
        lines.append(_fixed_sum(Part.OTHER, option.other_monthly, "storage, network, egress"))
    return tuple(lines)


def _fixed_sum(part: Part, amount: Decimal, says: str) -> Line:
    return Line(part=part, nature=Nature.FIXED, unit="", price=amount, price_says=says, fixed=ONE)


def _bill_line(option: Option, question: Question) -> Line:
    """A known bill: an API's follows the tokens, a machine's does not."""
    api = option.kind.is_api
    return Line(
        part=Part.TOKENS if api else Part.GPUS,
        nature=Nature.API_PRICE if api else Nature.RENT,
        unit="",
        price=option.monthly_cost or ZERO,
        price_says=f"{money(option.monthly_cost or ZERO)} {question.currency}",
        scaling=ONE if api else ZERO,
        fixed=ZERO if api else ONE,
        drift_per_month=option.price_drift_per_month,
        source=option.name,
    )


def _token_lines(option: Option, question: Question) -> tuple[Line, ...]:
    if option.prices is None:
        return ()
    classes = token_classes(volume=question.workload.volume, prices=option.prices)
    return tuple(
        Line(
            part=Part.TOKENS,
            nature=Nature.API_PRICE,
            unit=f"M {each.name}",
            price=each.per_mtok,
            price_says=f"{price(each.per_mtok)} {question.currency}/M",
            scaling=each.tokens / TOKENS_PER_MTOK,
            drift_per_month=option.price_drift_per_month,
            source=option.name,
        )
        for each in classes
    )


def _machine_lines(option: Option, machines: Machines, question: Question) -> tuple[Line, ...]:
    gpus = _gpu_line(option, machines, question)
    if not machines.upfront_cost or not machines.term_months:
        return (gpus,)
    says = (
        f"{money(machines.upfront_cost)} {question.currency} up front "
        f"÷ {machines.term_months} months"
    )
    return (gpus, _fixed_sum(Part.GPUS, machines.upfront_cost / machines.term_months, says))


def _gpu_line(option: Option, machines: Machines, question: Question) -> Line:
    """Return the line for the GPUs: fixed, in steps with the volume, or by the hour used."""
    amount, says = _gpu_price(option, machines, question)
    line = Line(
        part=Part.GPUS,
        nature=Nature.OWNED if option.ownership else Nature.RENT,
        unit="GPUs",
        price=amount,
        price_says=says,
        source=option.name,
    )
    pays_by_use = option.kind is Kind.SERVERLESS_GPU
    if machines.gpus is not None:
        count = Decimal(machines.gpus)
        by_use = pays_by_use and machines.hours_stated
        return replace(line, scaling=count) if by_use else replace(line, fixed=count)
    replica = machines.replica
    if replica is None:
        return line
    if pays_by_use:
        busy = question.workload.tokens_per_month / Decimal(replica.tokens_per_month_at_full_load)
        busy *= Decimal(str(1 + question.workload.headroom)) * replica.tensor_parallel
        return replace(line, unit="GPUs busy on average", scaling=busy)
    return replace(
        line,
        per_replica=Decimal(replica.tensor_parallel),
        stairs=Sizing(replica, question.workload.with_peak(machines.peak_to_mean)),
    )


def _gpu_price(option: Option, machines: Machines, question: Question) -> tuple[Decimal, str]:
    """Return the money per GPU and month, and how it comes about."""
    if option.ownership is not None:
        return owned.per_gpu_month(option.ownership), _ownership_says(option.ownership, question)
    hourly, hours = machines.price_per_gpu_hour or ZERO, machines.hours_per_month
    amount = hourly * hours
    says = f"{price(hourly)} {question.currency}/GPU-hour × {quantity(hours)} h"
    if option.spot is None:
        return amount, says
    return amount * (1 - option.spot.discount), f"{says} × (1 − {quantity(option.spot.discount)})"


def _ownership_says(ownership: owned.Ownership, question: Question) -> str:
    parts = {
        "capital": owned.capital(ownership),
        "power": owned.power(ownership),
        "place": owned.colocation(ownership),
        "spares": owned.spares(ownership),
    }
    words = " + ".join(f"{name} {money(amount)}" for name, amount in parts.items())
    return f"({words}) {question.currency} per GPU"
