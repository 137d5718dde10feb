"""How sure is the ranking, what sways it, and what would it be worth to know more?

Each draw is one possible future: a volume, prices, wages, set-up and throughput, drawn once and
applied to every option alike, so that what two options share cannot set them apart. An option's
cost in a future is its mean monthly bill over the horizon, its one-off cost spread over the months.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from decisions.formulas.lines import Floats, Line, Nature

VOLUME = (0.6, 1.0, 1.6)
API_PRICE = (0.6, 1.0, 1.1)
"""Prices of tokens have mostly fallen."""
RENT = (0.7, 1.0, 1.3)
"""Rents of GPUs have moved both ways."""
OWNED = (0.9, 1.0, 1.2)
WAGES = (0.5, 1.0, 2.0)
"""People needed against people planned: a small share is easily doubled."""
SETUP = (0.75, 1.0, 3.0)
"""Each triangular range is least, likeliest and most, as multiples of what was stated."""

Z90 = 1.2816
"""Standard deviations from the median of a normal variable to its 90th percentile."""
BINS = 25


@dataclass(frozen=True, kw_only=True)
class Costs:
    """The cost of one option: the lines of its monthly bill, and what is spent once."""

    lines: Sequence[Line]
    one_off: Decimal


@dataclass(frozen=True)
class _Futures:
    """One value per draw for everything uncertain, as multiples of what was stated."""

    values: dict[str, Floats]
    months: int
    growth_per_month: float

    def factor(self, line: Line) -> Floats | float:
        """Return what a line's price is multiplied by."""
        if line.nature is Nature.FIXED:
            return 1.0
        return self.values[_factor_name(line)]

    def fixed_at(self, name: str, value: float) -> "_Futures":
        """Return one future in which all is as stated but for one value."""
        alone = {other: np.array([1.0]) for other in self.values}
        alone["throughput"] = np.array([0.0])
        return _Futures({**alone, name: np.array([value])}, self.months, self.growth_per_month)


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """What the draws show. Money is per month, ``worth`` is over the whole horizon."""

    draws: int
    seed: int
    p_cheapest: dict[str, float]
    regret_p50: dict[str, float]
    tornado: list[dict[str, Any]] = field(default_factory=list)
    worth_of_knowing: list[dict[str, Any]] = field(default_factory=list)


def draw(
    *,
    options: Mapping[str, Costs],
    subject: str,
    horizon_months: int,
    growth_per_month: Decimal,
    draws: int,
    seed: int,
) -> Ranges:
    """Return how often each option is cheapest, what each is regretted by, and what sways it.

    ``regret_p50`` is the median of an option's cost less the cheapest one's. ``tornado`` moves one
    thing at a time from its 10th to its 90th percentile and gives what the subject then saves
    against the best other option. ``worth_of_knowing`` is what knowing one thing exactly before
    choosing would save on average, in money over the horizon. The same seed gives the same answer.
    """
    futures = _draw(options, horizon_months, float(growth_per_month), draws, seed)
    costs = np.array([_cost(each, futures) for each in options.values()])
    regrets = costs - costs.min(axis=0)
    counts = np.bincount(costs.argmin(axis=0), minlength=len(options))
    return Ranges(
        draws=draws,
        seed=seed,
        p_cheapest={
            name: float(count / draws) for name, count in zip(options, counts, strict=True)
        },
        regret_p50={
            name: round(float(each), 2)
            for name, each in zip(options, np.median(regrets, axis=1), strict=True)
        },
        tornado=_tornado(options, subject, futures),
        worth_of_knowing=_worth(costs, futures),
    )


def _factor_name(line: Line) -> str:
    """Return the name of what moves a line's price: each API has a price policy of its own."""
    if line.nature is Nature.API_PRICE:
        return f"prices of {line.source}"
    return {Nature.RENT: "GPU rent", Nature.OWNED: "cost of owning", Nature.WAGES: "people"}[
        line.nature
    ]


def _draw(
    options: Mapping[str, Costs], months: int, growth: float, draws: int, seed: int
) -> _Futures:
    random = np.random.default_rng(seed)
    ranges = {
        Nature.API_PRICE: API_PRICE,
        Nature.RENT: RENT,
        Nature.OWNED: OWNED,
        Nature.WAGES: WAGES,
    }
    lines = [line for each in options.values() for line in each.lines]
    named = {_factor_name(line): ranges[line.nature] for line in lines if line.nature in ranges}
    spans = {"volume": VOLUME, **named}
    if any(each.one_off for each in options.values()):
        spans["set-up"] = SETUP
    values = {name: random.triangular(*span, size=draws) for name, span in spans.items()}
    return _Futures({**values, "throughput": random.standard_normal(draws)}, months, growth)


def _cost(option: Costs, futures: _Futures) -> Floats:
    """Return the mean cost per month of an option in each future."""
    scales = futures.values["volume"] * _mean_power(1 + futures.growth_per_month, futures.months)
    total = np.zeros_like(scales)
    for line in option.lines:
        drift = _mean_power(1 + float(line.drift_per_month), futures.months)
        total += _units(line, scales, futures) * float(line.price) * drift * futures.factor(line)
    once = float(option.one_off) / futures.months
    return total + once * futures.values["set-up"] if once else total


def _units(line: Line, scales: Floats, futures: _Futures) -> Floats:
    units = float(line.fixed) + float(line.scaling) * scales
    if line.stairs is None:
        return units
    makes = _throughput(line.stairs.band, futures.values["throughput"])
    return units + float(line.per_replica) * line.stairs.replicas(
        scales * float(line.share) / makes
    )


def _throughput(band: tuple[float, float], z: Floats) -> Floats:
    """Return throughput over its median, so that a tenth of draws lies beyond each end of the band."""
    low, high = (np.log(each) / Z90 for each in band)
    return np.asarray(np.exp(np.where(z < 0, -low, high) * z))


def _mean_power(base: float, months: int) -> float:
    """Return the mean of base^0 … base^(months − 1)."""
    return float(np.mean(base ** np.arange(months)))


def _tornado(options: Mapping[str, Costs], subject: str, futures: _Futures) -> list[dict[str, Any]]:
    """Return, for each uncertain thing, what the subject saves at its low and at its high end."""
    rivals = [each for name, each in options.items() if name != subject]
    if not rivals:
        return []

    def saves(what: str, value: float) -> float:
        future = futures.fixed_at(what, value)
        best = min(float(_cost(rival, future)[0]) for rival in rivals)
        return best - float(_cost(options[subject], future)[0])

    rows = [_bar(what, values, saves) for what, values in futures.values.items()]
    moving = [row for row in rows if row["saves_at_low"] != row["saves_at_high"]]
    return sorted(moving, key=lambda row: -abs(row["saves_at_high"] - row["saves_at_low"]))


def _bar(what: str, values: Floats, saves: Callable[[str, float], float]) -> dict[str, Any]:
    low, high = np.percentile(values, [10, 90])
    return {
        "what": what,
        "saves_at_low": round(saves(what, float(low)), 2),
        "saves_at_high": round(saves(what, float(high)), 2),
    }


def _worth(costs: Floats, futures: _Futures) -> list[dict[str, Any]]:
    """Return what knowing each thing exactly would save: the best choice in each bin of its values.

    Without knowing, the option that is cheapest on average is chosen in every bin alike. Source:
    expected value of partial perfect information, by binning the draws.
    """
    unknowing = float(costs.mean(axis=1).min())
    rows = []
    for what, values in futures.values.items():
        bins = np.array_split(np.argsort(values), min(BINS, len(values)))
        knowing = sum(len(each) * costs[:, each].mean(axis=1).min() for each in bins) / len(values)
        worth = max(0.0, unknowing - float(knowing)) * futures.months
        rows.append({"what": what, "worth": round(worth, 2)})
    return sorted(rows, key=lambda row: -row["worth"])
