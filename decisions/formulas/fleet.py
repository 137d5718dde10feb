"""How many replicas should carry the base load, and how much goes to an API instead?

Every whole number of replicas is tried on every hour of the profile: an hour's tokens up to what the
replicas make at their target load are served by them, the rest overflows to the API. Nothing is
searched for that is not tried, so no other number can be cheaper.

The rule behind it: one more replica pays as long as it is busier than u* = rent per hour ÷ (tokens
per hour at the target × price per token). Replicas fill in order, so each next one is less busy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisions.formulas.bills import HOURS_PER_MONTH, TOKENS_PER_MTOK

MOST_REPLICAS = 64
HOURS = float(HOURS_PER_MONTH)
MTOK = float(TOKENS_PER_MTOK)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a replica carries and costs, and what the API asks. Money in one currency.

    ``tokens_per_hour`` is what one replica serves at its target load; ``rent_per_hour`` is for one
    replica; ``fixed_per_month`` is spent as soon as there is one (people, storage);
    ``api_per_mtok`` is the API's price at this workload's mix of tokens.
    """

    tokens_per_hour: float
    rent_per_hour: float
    api_per_mtok: float
    fixed_per_month: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """One number of replicas: money and tokens of a mean month.

    ``busy_share`` is how busy the last of them is, over all hours; 0 without one.
    """

    replicas: int
    rent: float
    fixed: float
    overflow_cost: float
    own_tokens: float
    overflow_tokens: float
    busy_share: float

    @property
    def total(self) -> float:
        """The whole month."""
        return self.rent + self.fixed + self.overflow_cost

    @property
    def own_share(self) -> float:
        """The share of the tokens that the replicas serve."""
        return self.own_tokens / (self.own_tokens + self.overflow_tokens)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every number of replicas that was tried, and the cheapest of them."""

    fleets: tuple[Fleet, ...]
    best: Fleet
    worth_from: float
    peak_to_mean: float

    @property
    def api_only(self) -> Fleet:
        """The month without a replica of one's own."""
        return self.fleets[0]


def worth_from(terms: Terms) -> float:
    """Return u*, the busy share from which a replica is cheaper than the API.

    Above 1 none ever is. Two H100 at 2.50 an hour against 2.38 a million tokens:

    >>> round(worth_from(Terms(tokens_per_hour=9e6, rent_per_hour=5.0, api_per_mtok=2.38)), 3)
    0.233
    """
    return terms.rent_per_hour / (terms.tokens_per_hour * terms.api_per_mtok / MTOK)


def plan(
    *, hourly_tokens: Sequence[float], terms: Terms, most_replicas: int = MOST_REPLICAS
) -> Plan:
    """Return the cheapest number of replicas from 0 to ``most_replicas``, and all the others.

    ``hourly_tokens`` is any number of hours of use; they are scaled to a month of 730 h. Of two
    numbers that cost the same the smaller one is best.

    Raises ValueError for terms or hours that are not numbers above 0.
    """
    hours = _checked(hourly_tokens, terms)
    counts = np.arange(most_replicas + 1, dtype=np.float64)
    own = _served(hours, counts * terms.tokens_per_hour) * HOURS
    everything = float(hours.mean()) * HOURS
    per_replica = np.diff(own, prepend=0.0) / (terms.tokens_per_hour * HOURS)
    fleets = tuple(
        Fleet(
            replicas=int(count),
            rent=float(count) * terms.rent_per_hour * HOURS,
            fixed=terms.fixed_per_month if count else 0.0,
            overflow_cost=max(0.0, everything - float(served)) * terms.api_per_mtok / MTOK,
            own_tokens=float(served),
            overflow_tokens=max(0.0, everything - float(served)),
            busy_share=float(busy),
        )
        for count, served, busy in zip(counts, own, per_replica, strict=True)
    )
    return Plan(
        fleets=fleets,
        best=min(fleets, key=lambda fleet: fleet.total),
        worth_from=worth_from(terms),
        peak_to_mean=float(hours.max() / hours.mean()),
    )


def base_peak_to_mean(*, hourly_tokens: Sequence[float], terms: Terms, replicas: int) -> float:
    """Return the busiest hour ÷ the mean hour of what reaches the replicas: the peaks are cut off.

    >>> terms = Terms(tokens_per_hour=2.0, rent_per_hour=1.0, api_per_mtok=1.0)
    >>> base_peak_to_mean(hourly_tokens=[1, 1, 1, 9], terms=terms, replicas=1)
    1.6
    """
    hours = np.minimum(_checked(hourly_tokens, terms), replicas * terms.tokens_per_hour)
    return float(hours.max() / hours.mean())


def assumed_hours(*, tokens_per_month: float, peak_to_mean: float) -> list[float]:
    """Return hours with this mean and this peak where the team has no profile of its own.

    One smooth bump a day (an exponential of a cosine, which can be as flat or as steep as the peak
    asks for); a week or a year with one bump where the peak is too high for a day.

    >>> hours = assumed_hours(tokens_per_month=730.0, peak_to_mean=3.0)
    >>> len(hours), round(sum(hours) / 24, 6), round(max(hours), 6)
    (24, 1.0, 3.0)
    """
    count = next(n for n in (24, 168, 8760) if peak_to_mean < 0.9 * n)
    turn = np.cos(2 * math.pi * np.arange(count) / count)
    low, high = 0.0, 1e6
    for _ in range(80):
        steepness = (low + high) / 2
        if 1 / float(np.exp(steepness * (turn - 1)).mean()) < peak_to_mean:
            low = steepness
        else:
            high = steepness
    bump = np.exp(high * (turn - 1))
    hours = bump / bump.mean() * tokens_per_month / HOURS
    # The bump begins at the top; a day begins at night.
    return [float(hour) for hour in np.roll(hours, count * 14 // 24)]


def _served(hours: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean tokens per hour below each limit, by one sort of the hours."""
    ordered = np.sort(hours)
    below = np.concatenate([[0.0], np.cumsum(ordered)])
    whole = np.searchsorted(ordered, limits, side="right")
    served: NDArray[np.float64] = (below[whole] + limits * (ordered.size - whole)) / ordered.size
    return served


def _checked(hourly_tokens: Sequence[float], terms: Terms) -> NDArray[np.float64]:
    hours = np.asarray(hourly_tokens, dtype=np.float64)
    if not hours.size or not np.isfinite(hours).all() or hours.min() < 0 or hours.max() == 0:
        raise ValueError("hourly_tokens: must be numbers of 0 or more, and not all 0")
    for name in ("tokens_per_hour", "rent_per_hour", "api_per_mtok"):
        value = getattr(terms, name)
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name}: must be above 0, got {value!r}")
    return hours
