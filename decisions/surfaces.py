"""Where does a decision stand among volumes and prices, and where did it stand when it was signed?"""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from decisions import evaluation
from decisions.figures import Evaluation, OptionFigures
from decisions.formulas import breakeven, ranges
from decisions.formulas.lines import Floats, Line, Nature
from decisions.formulas.surface import Surface, movers, surface
from decisions.models import Decision, Snapshot
from decisions.requirements import met

COLUMNS, ROWS = 160, 96
# How far to look around today: times the volume, and times the price.
VOLUMES, PRICES = 100.0, 10.0
MOST_SIGNED = 8


@dataclass(frozen=True, kw_only=True)
class Signed:
    """Where a signed quarter stood, as multiples of today's volume and price."""

    period: str
    scale: float
    factor: float


@dataclass(frozen=True, kw_only=True)
class Landscape:
    """The surface around today, the band in which today may lie, and the path to it.

    `band` is P10 and P90 of the volume, then of the price, as multiples of what is stated.
    """

    surface: Surface
    what: str
    choices: tuple[str, ...]
    tokens_per_month: float
    path: tuple[Signed, ...]
    band: tuple[float, float, float, float]


def landscape(decision: Decision, found: Evaluation, *, what: str = "") -> Landscape | None:
    """Return the landscape of one price, the first that there is unless one is named.

    Options that do not do what is asked are left out; None where fewer than two are left, or no
    price of GPUs or tokens moves them.
    """
    able = [each for each in found.figures if all(met(each, found.question).values())]
    choices = movers([each.lines for each in able])
    if len(able) < 2 or not choices:
        return None
    asked = what if what in choices else choices[0]
    today = float(found.question.workload.tokens_per_month)
    months = found.question.horizon_months
    scales = _around(VOLUMES, COLUMNS, today)
    return Landscape(
        surface=surface(
            {each.name: (each.lines, each.one_off / months) for each in able},
            what=asked,
            scales=scales,
            factors=np.geomspace(1 / PRICES, PRICES, ROWS),
            limits=dict(_limits(able, scales, found)),
        ),
        what=asked,
        choices=tuple(choices),
        tokens_per_month=today,
        path=tuple(_path(decision, found, asked)),
        band=_band(asked, found),
    )


def _limits(
    able: Sequence[OptionFigures], scales: Floats, found: Evaluation
) -> Iterator[tuple[str, float]]:
    """Yield the highest scale that the machines of an option carry, where they end inside."""

    def is_beyond(each: OptionFigures, place: int) -> bool:
        return evaluation.within_capacity(each, float(scales[place]), found.question) is False

    for each in able:
        if not is_beyond(each, len(scales) - 1):
            continue
        place = bisect_left(range(len(scales)), True, key=partial(is_beyond, each))
        yield each.name, float(scales[place - 1]) if place else 0.0


def _around(times: float, count: int, today: float) -> Floats:
    low = max(today / times, min(breakeven.LEAST_TOKENS, today))
    return np.geomspace(low / today, times, count)


def _band(what: str, found: Evaluation) -> tuple[float, float, float, float]:
    natures = {line.nature for line in _moved(found, what)}
    span = ranges.API_PRICE
    if Nature.RENT in natures or Nature.OWNED in natures:
        span = ranges.RENT if Nature.RENT in natures else ranges.OWNED
    return (ranges.VOLUME.at(0.1), ranges.VOLUME.at(0.9), span.at(0.1), span.at(0.9))


def _moved(found: Evaluation, what: str) -> list[Line]:
    return [
        line
        for each in found.figures
        for line in each.lines
        if line.nature is not Nature.FIXED and ranges.mover(line) == what
    ]


def _path(decision: Decision, found: Evaluation, what: str) -> Iterator[Signed]:
    """Yield the signed quarters, oldest first; one at whose prices nothing compares is left out."""
    signed = Snapshot.objects.filter(decision_id_text=str(decision.pk)).order_by("-signed_at")
    today = float(found.question.workload.tokens_per_month)
    for snapshot in reversed(signed[:MOST_SIGNED]):
        question = json.loads(snapshot.record_json)["question"]
        try:
            then = evaluation.evaluate(evaluation.read(question))
        except evaluation.BadInput:
            # Signed under rules of the input that have changed since.
            continue
        factor = _price_then(_priced(then, what), _priced(found, what))
        if factor:
            volume = float(then.question.workload.tokens_per_month)
            yield Signed(period=snapshot.period, scale=volume / today, factor=factor)


def _priced(found: Evaluation, what: str) -> dict[tuple[str, str], float]:
    """Return the price of each thing that moves, by whose and which it is."""
    return {
        (each.name, line.unit): float(line.price)
        for each in found.figures
        for line in each.lines
        if line.nature is not Nature.FIXED and ranges.mover(line) == what
    }


def _price_then(then: dict[tuple[str, str], float], now: dict[tuple[str, str], float]) -> float:
    both = [key for key in now if key in then and now[key] > 0 and then[key] > 0]
    if not both:
        return 0.0
    return float(np.exp(np.mean([np.log(then[key] / now[key]) for key in both])))
