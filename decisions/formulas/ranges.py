"""How sure is the ranking, what sways it, and what would it be worth to know more?

Each draw is one possible future: a volume, prices, wages, set-up and throughput, drawn once and
applied to every option alike, so that what two options share cannot set them apart. An option's
cost in a future is its mean monthly bill over the horizon, its one-off cost spread over the months.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from decisions.formulas.lines import Floats, Line, Nature


@dataclass(frozen=True)
class Span:
    """A triangular range as multiples of what was stated: least, likeliest, most, and the reason."""

    least: float
    likeliest: float
    most: float
    source: str

    def at(self, share: float) -> float:
        """Return the value below which the range lies with this probability.

        >>> round(Span(0.0, 1.0, 2.0, "").at(0.5), 9), round(Span(0.6, 1.0, 1.6, "").at(0.1), 3)
        (1.0, 0.8)
        """
        width = self.most - self.least
        if share * width <= self.likeliest - self.least:
            return self.least + math.sqrt(share * width * (self.likeliest - self.least))
        return self.most - math.sqrt((1 - share) * width * (self.most - self.likeliest))


VOLUME = Span(
    0.6,
    1.0,
    1.6,
    "The product's own: a forecast of a year, rather passed than missed. Not measured.",
)
API_PRICE = Span(
    0.6, 1.0, 1.1, "Prices of tokens have mostly fallen; the article's halved in 18 months."
)
RENT = Span(
    0.7, 1.0, 1.3, "Rents have moved both ways; the article's rented H100 ranges over 2.50 ± 20 %."
)
OWNED = Span(0.9, 1.0, 1.2, "The product's own: power and failures above plan. Not measured.")
WAGES = Span(0.5, 1.0, 2.0, "The article's 0.25 to 1 FTE around a plan of a half.")
SETUP = Span(0.75, 1.0, 3.0, "The article's 1 to 4 engineer-weeks; a first one overruns.")
THROUGHPUT_SOURCE = (
    "Measured over predicted on public measurements, by evidence grade; nothing for a team's own "
    "benchmark."
)
THROUGHPUT = "throughput"

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
        return self.values[mover(line)]

    def fixed_at(self, name: str, value: float) -> "_Futures":
        """Return one future in which all is as stated but for one value."""
        alone = {other: np.array([1.0]) for other in self.values}
        alone[THROUGHPUT] = np.array([0.0])
        return _Futures({**alone, name: np.array([value])}, self.months, self.growth_per_month)


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """What the draws show. Money is per month unless the name says otherwise.

    ``totals`` holds, for each option, the 10th, 50th and 90th percentile of its bill of a month at
    today's prices (``per_month``), of its first year (``year_1``), and of its mean month over the
    horizon with what is spent once spread over it (``over_horizon``): the cost by which options
    are compared. ``left_out`` cannot do what is asked: they are never cheapest.
    """

    draws: int
    seed: int
    p_cheapest: dict[str, float]
    regret_p50: dict[str, float]
    expected_regret: dict[str, float] = field(default_factory=dict)
    totals: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    subject: str = ""
    saves_as_stated: float | None = None
    tornado: list[dict[str, Any]] = field(default_factory=list)
    worth_of_knowing: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def draw(
    *,
    options: Mapping[str, Costs],
    subject: str,
    horizon_months: int,
    growth_per_month: Decimal,
    draws: int,
    seed: int,
    left_out: Collection[str] = (),
) -> Ranges:
    """Return how often each option is cheapest, what each is regretted by, and what sways it.

    Regret is an option's cost less the cheapest one's in the same future. ``tornado`` moves one
    thing at a time from its 10th to its 90th percentile and gives what the subject then saves
    against the best other option. ``worth_of_knowing`` is what knowing one thing exactly before
    choosing would save on average. ``left_out`` names options that nobody could choose. The same
    seed gives the same answer.
    """
    futures, spans = _draw(options, horizon_months, float(growth_per_month), draws, seed)
    costs = {name: _cost(each, futures) for name, each in options.items()}
    able = [name for name in options if name not in left_out] or list(options)
    open_costs = np.array([costs[name] for name in able])
    regrets = open_costs - open_costs.min(axis=0)
    counts = np.bincount(open_costs.argmin(axis=0), minlength=len(able))
    cheapest = {name: float(count / draws) for name, count in zip(able, counts, strict=True)}
    bars, base = _tornado({name: options[name] for name in {*able, subject}}, subject, futures)
    return Ranges(
        draws=draws,
        seed=seed,
        p_cheapest={name: cheapest.get(name, 0.0) for name in options},
        regret_p50=_by_name(able, np.median(regrets, axis=1)),
        expected_regret=_by_name(able, regrets.mean(axis=1)),
        totals={name: _totals(each, costs[name], futures) for name, each in options.items()},
        subject=subject,
        saves_as_stated=base,
        tornado=bars,
        worth_of_knowing=_worth(open_costs, futures),
        spans=spans,
        left_out=[name for name in options if name not in able],
    )


def _by_name(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: round(float(each), 2) for name, each in zip(names, values, strict=True)}


def mover(line: Line) -> str:
    """Return the name of what moves a line's price: each API has a price policy of its own."""
    if line.nature is Nature.API_PRICE:
        return f"prices of {line.source}"
    return {Nature.RENT: "GPU rent", Nature.OWNED: "cost of owning", Nature.WAGES: "people"}[
        line.nature
    ]


def _draw(
    options: Mapping[str, Costs], months: int, growth: float, draws: int, seed: int
) -> tuple[_Futures, list[dict[str, Any]]]:
    """Return the futures, and what each thing is drawn from."""
    random = np.random.default_rng(seed)
    of_nature = {
        Nature.API_PRICE: API_PRICE,
        Nature.RENT: RENT,
        Nature.OWNED: OWNED,
        Nature.WAGES: WAGES,
    }
    lines = [line for each in options.values() for line in each.lines]
    spans = {"volume": VOLUME}
    spans |= {mover(line): of_nature[line.nature] for line in lines if line.nature in of_nature}
    if any(each.one_off for each in options.values()):
        spans["set-up"] = SETUP
    values: dict[str, Floats] = {
        name: random.triangular(span.least, span.likeliest, span.most, size=draws)
        for name, span in spans.items()
    }
    rows = [{"what": name, "shape": "triangular", **asdict(span)} for name, span in spans.items()]
    values[THROUGHPUT] = random.standard_normal(draws)
    bands = {line.stairs.band for line in lines if line.stairs is not None}
    if bands:
        rows.append(
            {
                "what": THROUGHPUT,
                "shape": "log-normal on each side, a tenth of the draws beyond each end",
                "least": min(low for low, _ in bands),
                "likeliest": 1.0,
                "most": max(high for _, high in bands),
                "source": THROUGHPUT_SOURCE,
            }
        )
    return _Futures(values, months, growth), rows


def _cost(option: Costs, futures: _Futures) -> Floats:
    """Return the mean cost per month of an option in each future."""
    return _recurring(option, futures) + _once(option, futures) / futures.months


def _recurring(option: Costs, futures: _Futures) -> Floats:
    """Return the mean monthly bill over the futures' months."""
    scales = futures.values["volume"] * _mean_power(1 + futures.growth_per_month, futures.months)
    total = np.zeros_like(scales)
    for line in option.lines:
        drift = _mean_power(1 + float(line.drift_per_month), futures.months)
        total += _units(line, scales, futures) * float(line.price) * drift * futures.factor(line)
    return total


def _once(option: Costs, futures: _Futures) -> Floats | float:
    return float(option.one_off) * futures.values["set-up"] if option.one_off else 0.0


def _totals(option: Costs, cost: Floats, futures: _Futures) -> dict[str, dict[str, float]]:
    moves = futures.growth_per_month or any(line.drift_per_month for line in option.lines)
    once = _once(option, futures)
    today = replace(futures, months=1)
    month = _recurring(option, today) if moves else cost - once / futures.months
    return {
        "per_month": _percentiles(month),
        "year_1": _percentiles(12 * month + once),
        "over_horizon": _percentiles(cost),
    }


def _percentiles(values: Floats) -> dict[str, float]:
    low, middle, high = np.percentile(values, [10, 50, 90])
    return {
        "p10": round(float(low), 2),
        "p50": round(float(middle), 2),
        "p90": round(float(high), 2),
    }


def _units(line: Line, scales: Floats, futures: _Futures) -> Floats:
    units = float(line.fixed) + float(line.scaling) * scales
    if line.stairs is None:
        return units
    makes = _throughput(line.stairs.band, futures.values[THROUGHPUT])
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


def _tornado(
    options: Mapping[str, Costs], subject: str, futures: _Futures
) -> tuple[list[dict[str, Any]], float | None]:
    """Return what the subject saves at both ends of each uncertain thing, and with all as stated."""
    rivals = [each for name, each in options.items() if name != subject]
    if not rivals:
        return [], None

    def saves(what: str, value: float) -> float:
        future = futures.fixed_at(what, value)
        best = min(float(_cost(rival, future)[0]) for rival in rivals)
        return best - float(_cost(options[subject], future)[0])

    rows = [_bar(what, values, saves) for what, values in futures.values.items()]
    moving = [row for row in rows if row["saves_at_low"] != row["saves_at_high"]]
    moving.sort(key=lambda row: -abs(row["saves_at_high"] - row["saves_at_low"]))
    return moving, round(saves("volume", 1.0), 2)


def _bar(what: str, values: Floats, saves: Callable[[str, float], float]) -> dict[str, Any]:
    low, high = np.percentile(values, [10, 90])
    return {
        "what": what,
        "low": round(float(low), 4),
        "high": round(float(high), 4),
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
        worth = max(0.0, unknowing - float(knowing))
        rows.append(
            {
                "what": what,
                "worth": round(worth * futures.months, 2),
                "worth_per_month": round(worth, 2),
            }
        )
    return sorted(rows, key=lambda row: -row["worth"])
