"""What does each option cost, what does it serve, and what follows from comparing them?"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

from decisions import checklist, findings, mistakes, requirements
from decisions.evaluation import costs
from decisions.figures import (
    BreakEven,
    Evaluation,
    Flip,
    OptionFigures,
    Payback,
    Serving,
)
from decisions.formulas import breakeven, capacity, drift, npv, ranges
from decisions.formulas.bills import per_mtok
from decisions.formulas.lines import Line, bill, bills_of_months, totals
from decisions.question import Option, Question

DRAWS = 10_000
MONTHS_PER_QUARTER = 3


def evaluate(question: Question, *, draws: int = DRAWS, seed: int = 0) -> Evaluation:
    """Return everything that follows from a question. The same question gives the same answer.

    ``draws`` is the number of possible futures behind the uncertainty; 0 leaves it out.
    """
    # One month more than the horizon: a bill's drift is followed from today to the last day.
    lines = {option.name: costs.all_lines(option, question) for option in question.options}
    bills = {
        name: bills_of_months(
            of_option,
            months=question.horizon_months + 1,
            growth_per_month=question.workload.growth_per_month,
        )
        for name, of_option in lines.items()
    }
    figures = [
        _figures(option, question, lines[option.name], bills[option.name])
        for option in question.options
    ]
    figures = _compared(figures, question)
    ranking = tuple(each.name for each in sorted(figures, key=lambda each: each.npv_cost))
    break_evens, cut_short = _break_evens(figures, question)
    found = Evaluation(
        question=question,
        figures=tuple(figures),
        ranking=ranking,
        break_evens=break_evens,
        paybacks=tuple(_payback(old, new) for old, new in permutations(figures, 2)),
        flips=_flips(question.chosen or ranking[0], bills),
        assumed=(*question.assumed, *cut_short),
    )
    if draws:
        found = replace(found, uncertainty=_uncertainty(found, draws=draws, seed=seed))
    found = replace(found, mistakes=mistakes.find_all(found), findings=findings.read(found))
    suggestions = checklist.suggest(found)
    answers = checklist.merged(question.answers, suggestions)
    found = replace(found, suggestions=suggestions, reading=checklist.read_answers(answers))
    return replace(found, advice=checklist.advise(found))


def _figures(
    option: Option, question: Question, lines: tuple[Line, ...], bills: Sequence[Decimal]
) -> OptionFigures:
    per_month = bill(lines)
    once = costs.one_off(option, question)
    return OptionFigures(
        option=option,
        lines=lines,
        per_month=per_month,
        one_off=once,
        npv_cost=npv.cost_today(
            one_off=once,
            monthly=bills[: question.horizon_months],
            rate_per_year=question.discount_rate_per_year,
        ),
        per_mtok=per_mtok(
            monthly_cost=per_month.total, tokens_per_month=question.workload.tokens_per_month
        ),
        serving=tuple(
            _serving(leaf, share, question) for leaf, share in costs.serving_leaves(option)
        ),
        downtime_hours=costs.downtime(option),
        leaving=costs.leaving(option, question),
    )


def _serving(leaf: Option, share: Decimal, question: Question) -> Serving:
    """Return how one option with GPUs serves its share; unknown without a replica to go by."""
    machines = leaf.machines
    if machines is None or machines.replica is None:
        return Serving(option=leaf, share=share, gpus=machines.gpus if machines else None)
    work = question.workload.with_peak(machines.peak_to_mean)
    peak = work.peak_concurrent_requests
    found = capacity.size(
        replica=machines.replica,
        tokens_per_month=float(work.tokens_per_month * share),
        replicas=_copies(leaf),
        peak_to_mean=work.swing,
        peak_concurrent_requests=None if peak is None else peak * float(share),
        availability=work.availability,
    )
    return Serving(
        option=leaf,
        share=share,
        gpus=machines.gpus or found.gpus,
        replicas=found.replicas,
        utilisation=found.utilisation,
        fits=found.fits,
        binding=found.binding,
        says=found.says,
        replica=machines.replica,
    )


def _copies(leaf: Option) -> int | None:
    """Return the copies of the model that a fixed number of GPUs runs; None when it is sized."""
    machines = leaf.machines
    if machines is None or machines.gpus is None or machines.replica is None:
        return None
    return machines.replicas or machines.gpus // machines.replica.tensor_parallel


def _compared(figures: Sequence[OptionFigures], question: Question) -> list[OptionFigures]:
    least = min(each.total for each in figures)
    able = [(each, requirements.met(each, question)) for each in figures]
    return [
        replace(
            each,
            regret_per_month=each.total - least,
            dominated_by=tuple(
                other.name for other, others in able if _dominates(other, others, each, does)
            ),
        )
        for each, does in able
    ]


def _dominates(
    better: OptionFigures,
    better_does: dict[str, bool],
    worse: OptionFigures,
    worse_does: dict[str, bool],
) -> bool:
    """Say whether one option costs no more, monthly and once, and does at least as much.

    Two options that are equal in all of this do not dominate each other.
    """
    if better.total > worse.total or better.one_off > worse.one_off:
        return False
    if requirements.falls_short(better_does, worse_does):
        return False
    costs_less = better.total < worse.total or better.one_off < worse.one_off
    return costs_less or requirements.falls_short(worse_does, better_does)


def _payback(old: OptionFigures, new: OptionFigures) -> Payback:
    terms = {
        "old_per_month": old.total,
        "new_per_month": new.total,
        "one_off": new.one_off + old.leaving,
    }
    saves = old.total - new.total
    return Payback(
        old=old.name,
        new=new.name,
        months=npv.months_to_pay_back(**terms),
        saves_per_month=saves,
        saves_year_1=saves * 12 - terms["one_off"],
        saves_later_years=saves * 12,
        saves_npv=(old.npv_cost - old.one_off) - new.npv_cost - old.leaving,
        saved_after_6_months=npv.saved_after(months=6, **terms),
    )


def _break_evens(
    figures: Sequence[OptionFigures], question: Question
) -> tuple[tuple[BreakEven, ...], list[str]]:
    """Return every crossing, and a sentence for each pair whose search was cut short."""
    today = float(question.workload.tokens_per_month)
    found, cut_short = breakeven.crossings(
        [breakeven.curve(each.lines) for each in figures],
        lowest_scale=breakeven.LEAST_TOKENS / today,
        highest_scale=breakeven.MOST_TOKENS / today,
    )
    found = sorted(found, key=lambda each: each.scale)
    scales = [Decimal(each.scale) for each in found]
    bills = [totals(each.lines, scales=scales) for each in figures]
    points = tuple(
        BreakEven(
            between=(figures[each.first].name, figures[each.second].name),
            tokens_per_month=each.scale * today,
            cheaper_above=figures[each.cheaper_above].name,
            within_capacity=_all_known(
                within_capacity(figures[option], each.scale, question)
                for option in (each.first, each.second)
            ),
            at_step=each.at_step,
            bills=(bills[each.first][place], bills[each.second][place]),
        )
        for place, each in enumerate(found)
    )
    says = [
        f"break_evens: {figures[first].name} and {figures[second].name} run side by side over "
        "very many steps; not every crossing is listed"
        for first, second in sorted(cut_short)
    ]
    return points, says


def within_capacity(figures: OptionFigures, scale: float, question: Question) -> bool | None:
    """Say whether an option's fixed machines carry a volume; None when that is not known."""
    return _all_known(_carries(each, scale, question) for each in figures.serving)


def _carries(serving: Serving, scale: float, question: Question) -> bool | None:
    """Say whether fixed machines reach a volume with their busiest hour at full load.

    The headroom is what a team plans with; capacity ends where nothing is left of it.
    """
    if serving.replica is None:
        return None
    if not serving.replica.fits:
        return False
    have = _copies(serving.option)
    if have is None:
        return True
    machines = serving.option.machines
    work = question.workload.with_peak(machines.peak_to_mean if machines else None)
    sizing = costs.Sizing(replace(serving.replica, headroom=0.0), work)
    return sizing.at(scale * float(serving.share)) <= have


def _all_known(answers: Iterable[bool | None]) -> bool | None:
    """Return False when one answer is no, else None when one is unknown, else True."""
    known = list(answers)
    if False in known:
        return False
    return None if None in known else True


def _uncertainty(found: Evaluation, *, draws: int, seed: int) -> ranges.Ranges:
    costs_of = {
        each.name: ranges.Costs(lines=each.lines, one_off=each.one_off) for each in found.figures
    }
    return ranges.draw(
        options=costs_of,
        subject=found.subject.name,
        horizon_months=found.question.horizon_months,
        growth_per_month=found.question.workload.growth_per_month,
        draws=draws,
        seed=seed,
        left_out=[
            each.name
            for each in found.figures
            if not all(requirements.met(each, found.question).values())
        ],
    )


def _flips(chosen: str, bills: dict[str, list[Decimal]]) -> tuple[Flip, ...]:
    """Return where the drift of prices and volume makes another option cheaper than this one."""
    flips = (_flip(chosen, other, bills[chosen], bills[other]) for other in bills)
    return tuple(each for each in flips if each is not None)


def _flip(
    chosen: str, other: str, ours: Sequence[Decimal], theirs: Sequence[Decimal]
) -> Flip | None:
    month = drift.flip(ours=ours, theirs=theirs)
    if month is None:
        return None
    horizon = Decimal(len(theirs) - 1)
    review = (month // MONTHS_PER_QUARTER + 1) * MONTHS_PER_QUARTER

    def cost_until(end: Decimal) -> Decimal:
        return drift.cost_between(ours=ours, theirs=theirs, start=month, end=min(end, horizon))

    return Flip(
        chosen=chosen,
        other=other,
        month=float(month),
        cost_by_review=cost_until(review),
        cost_by_horizon=cost_until(horizon),
    )
