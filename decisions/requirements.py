"""Does an option do what the team demands?"""

from collections.abc import Mapping

from decisions.figures import OptionFigures
from decisions.question import Kind, Option, Question


def met(figures: OptionFigures, question: Question) -> dict[str, bool]:
    """Return each stated requirement and whether the option is known to meet it.

    What is not known counts as not met: nobody should sign on a guess.
    """
    option, wanted, work = figures.option, question.requirements, question.workload
    classes = wanted.traffic
    stated = {
        "privacy": (
            wanted.privacy or any(each.privacy for each in classes),
            _keeps_private(option, question),
        ),
        "custom_model": (
            wanted.custom_model or any(each.custom_model for each in classes),
            _runs_own_model(option, question),
        ),
        "api_only": (wanted.api_only, all(leaf.kind.is_api for leaf, _ in option.leaves())),
        "frontier_quality": (wanted.frontier_quality, reaches_frontier(option)),
        "least_quality": (
            wanted.least_quality is not None or any(c.least_quality is not None for c in classes),
            not quality_shortfalls(option, question),
        ),
        "ttft_ms": (work.ttft_ms is not None, _in_time(figures, "ttft_ms", work.ttft_ms)),
        "tpot_ms": (work.tpot_ms is not None, _in_time(figures, "tpot_ms", work.tpot_ms)),
        "capacity": (True, figures.fits is not False),
    }
    return {name: does for name, (asked, does) in stated.items() if asked}


def _keeps_private(option: Option, question: Question) -> bool:
    """Say whether what is private stays so: everything, or the classes of requests that are."""
    wanted = question.requirements
    if wanted.privacy:
        return runs_privately(option)
    private = [each for each in wanted.traffic if each.privacy]
    return all(leaf.runs_privately for each in private for leaf in option.answering(each.name))


def _runs_own_model(option: Option, question: Question) -> bool:
    """Say whether the team's own model can answer where it must."""
    wanted = question.requirements
    own = [each for each in wanted.traffic if each.custom_model]
    able = all(leaf.custom_model for each in own for leaf in option.answering(each.name))
    return able and (not wanted.custom_model or runs_custom_model(option))


def quality_shortfalls(option: Option, question: Question) -> list[str]:
    """Return in a sentence each bar of quality that an option is not known to reach."""
    wanted = question.requirements
    says = []
    if wanted.least_quality is not None:
        says += _short(option.name, quality(option), wanted.least_quality)
    for each in wanted.traffic:
        if each.least_quality is not None:
            for leaf in option.answering(each.name):
                measured = leaf.quality_by_class.get(each.name, leaf.quality)
                says += _short(f"{each.name}: {leaf.name}", measured, each.least_quality)
    return says


def _short(what: str, measured: float | None, least: float) -> list[str]:
    if measured is None:
        return [f"{what} has no evaluation, and {least:.1%} is needed"]
    return (
        [] if measured >= least else [f"{what} reached {measured:.1%}, and {least:.1%} is needed"]
    )


def falls_short(does: Mapping[str, bool], other: Mapping[str, bool]) -> bool:
    """Say whether an option leaves a requirement unmet that another one meets.

    >>> falls_short({"privacy": False}, {"privacy": True})
    True
    """
    return any(other[name] and not met for name, met in does.items())


def runs_privately(option: Option) -> bool:
    """Say whether no data leaves the team's own machines; a hybrid needs it of every part."""
    return all(leaf.runs_privately for leaf, _ in option.leaves())


def runs_custom_model(option: Option) -> bool:
    """Say whether the team's own model can run there; in a hybrid one part is enough."""
    return any(leaf.custom_model for leaf, _ in option.leaves())


def reaches_frontier(option: Option) -> bool:
    """Say whether a frontier model answers at least the part that needs one."""
    return any(leaf.kind is Kind.CLOSED_API for leaf, _ in option.leaves())


def quality(option: Option) -> float | None:
    """Return the measured quality; a hybrid's is its weakest part's. None when not known."""
    if option.quality is not None or not option.parts:
        return option.quality
    parts = [quality(part.option) for part in option.parts]
    known = [each for each in parts if each is not None]
    return min(known) if len(known) == len(parts) else None


def _in_time(figures: OptionFigures, name: str, limit: float | None) -> bool:
    """Say whether every part answers in time, by measurement or by the capacity model."""
    own: float | None = getattr(figures.option, name)
    times = [own] if own is not None else _leaf_times(figures, name)
    return all(time is not None and time <= (limit or 0.0) for time in times)


def _leaf_times(figures: OptionFigures, name: str) -> list[float | None]:
    modelled = {
        each.option.name: getattr(each.replica.throughput, name)
        for each in figures.serving
        if each.replica is not None
    }
    return [
        measured if (measured := getattr(leaf, name)) is not None else modelled.get(leaf.name)
        for leaf, _ in figures.option.leaves()
    ]
