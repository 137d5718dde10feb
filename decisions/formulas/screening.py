"""Which of very many decisions has another option become better for, now that prices moved?

A monthly bill is straight in its prices: what is fixed, and for each price the units it is paid for.
All bills are computed at once in floats, in blocks that fit the processor's cache. Floats only
screen: where a decision stands near a line (two options cost nearly the same, or the margin is
nearly reached) `Decimal` decides, so that the answer is always the exact one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from decisions.formulas.lines import Floats

MARGIN = Decimal("0.05")
"""Another option must be better by this share of the bill before anybody is told."""
NEAR = 1e-9
"""Relative distance within which floats leave the answer to decimals; they carry about 1e-15."""
BLOCK = 2048


def crosses(*, ours: Decimal, theirs: Decimal, one_off: Decimal, months: int) -> bool:
    """Say whether the other option is better by the margin and repays its one-off cost in time.

    Bills are per month, ``months`` is what is left to save in.

    >>> month = {"ours": Decimal(1000), "one_off": Decimal(0), "months": 36}
    >>> crosses(theirs=Decimal(950), **month), crosses(theirs=Decimal("949.99"), **month)
    (False, True)
    >>> crosses(ours=Decimal(1000), theirs=Decimal(900), one_off=Decimal(3600), months=36)
    False
    """
    saving = ours - theirs
    return saving > ours * MARGIN and saving * months > one_off


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """One option's bill: ``fixed`` and, for each price by its place in the list, its units.

    ``worth`` is its cost over the horizon by which options are ranked, in the same form: what is
    fixed, and for each price of ``units`` what it is multiplied with. None: ``one_off`` and the
    bill of each month as it is. ``able`` is whether it does what is asked, so may be best.
    """

    fixed: Decimal
    units: tuple[tuple[int, Decimal], ...]
    one_off: Decimal
    worth: tuple[Decimal, tuple[Decimal, ...]] | None = None
    able: bool = True

    def per_month(self, prices: Sequence[Decimal]) -> Decimal:
        """Return the exact bill of a month."""
        return self.fixed + sum((units * prices[place] for place, units in self.units), Decimal(0))

    def lasting(self, months: int) -> tuple[Decimal, tuple[Decimal, ...]]:
        """Return the cost over the horizon: what is fixed, and what each price is multiplied with."""
        if self.worth is not None:
            return self.worth
        return self.fixed * months + self.one_off, tuple(u * months for _, u in self.units)

    def over(self, prices: Sequence[Decimal], months: int) -> Decimal:
        """Return the exact cost over the horizon; infinite for what may not be best."""
        if not self.able:
            return Decimal("Infinity")
        fixed, slopes = self.lasting(months)
        paid = (s * prices[place] for (place, _), s in zip(self.units, slopes, strict=True))
        return fixed + sum(paid, Decimal(0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One decision: its options, which of them is chosen, and the months left to save in."""

    options: tuple[Offered, ...]
    chosen: int
    months: int


def has_crossed(case: Case, prices: Sequence[Decimal]) -> bool:
    """Return the exact answer for one decision: against the option that is cheapest over its months.

    >>> own = Offered(fixed=Decimal(1000), units=(), one_off=Decimal(0))
    >>> api = Offered(fixed=Decimal(0), units=((0, Decimal(300)),), one_off=Decimal(0))
    >>> case = Case(options=(own, api), chosen=0, months=36)
    >>> has_crossed(case, [Decimal(3)]), has_crossed(case, [Decimal(4)])
    (True, False)
    """
    bills = [each.per_month(prices) for each in case.options]
    over = [each.over(prices, case.months) for each in case.options]
    best = over.index(min(over))
    return best != case.chosen and crosses(
        ours=bills[case.chosen],
        theirs=bills[best],
        one_off=case.options[best].one_off,
        months=case.months,
    )


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Many decisions as arrays, one row per decision, one column per option, padded with infinity.

    What is paid for prices is in layers: the first of each option, then the second, and so on.
    """

    fixed: Floats
    one_off: Floats
    units: Floats
    worth: Floats
    slopes: Floats
    places: NDArray[np.int32]
    chosen: NDArray[np.int64]
    months: Floats

    @classmethod
    def packed(cls, cases: Sequence[Case]) -> "Cases":
        """Return the arrays of these decisions."""
        wide = max((len(case.options) for case in cases), default=1)
        deep = max((len(o.units) for case in cases for o in case.options), default=1) or 1
        fixed = np.full((len(cases), wide), np.inf)
        one_off = np.zeros((len(cases), wide))
        worth = np.full((len(cases), wide), np.inf)
        units, slopes = np.zeros((2, deep, len(cases), wide))
        places = np.zeros((deep, len(cases), wide), dtype=np.int32)
        for row, case in enumerate(cases):
            for column, option in enumerate(case.options):
                fixed[row, column], one_off[row, column] = option.fixed, option.one_off
                lasting, each_slope = option.lasting(case.months)
                worth[row, column] = lasting if option.able else np.inf
                for layer, (place, count) in enumerate(option.units):
                    places[layer, row, column], units[layer, row, column] = place, count
                    slopes[layer, row, column] = each_slope[layer]
        return cls(
            fixed=fixed,
            one_off=one_off,
            units=units,
            worth=worth,
            slopes=slopes,
            places=places,
            chosen=np.array([case.chosen for case in cases], dtype=np.int64),
            months=np.array([case.months for case in cases], dtype=np.float64),
        )

    def bills(self, prices: Floats) -> Floats:
        """Return every option's bill of a month."""
        return self._at(prices, self.fixed, self.units)

    def _at(self, prices: Floats, fixed: Floats, slopes: Floats) -> Floats:
        found = np.empty_like(fixed)
        prices = prices if prices.size else np.zeros(1)
        for block in self._blocks():
            np.copyto(found[block], fixed[block])
            for places, units in zip(self.places[:, block], slopes[:, block], strict=True):
                paid = prices.take(places)
                paid *= units
                found[block] += paid
        return found

    def best(self, prices: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return each decision's best option, and where another is too close to tell by floats."""
        return self._best(self._at(prices, self.worth, self.slopes))

    def _best(self, over: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        every = np.arange(len(over))
        best = over.argmin(axis=1)
        least = over[every, best]
        over[every, best] = np.inf
        second = over.min(axis=1)
        # Without any able option there is no best, which floats cannot say; one alone is best.
        alone = np.isfinite(least) & np.isinf(second)
        with np.errstate(invalid="ignore"):
            apart = second - least > NEAR * (np.abs(least) + np.abs(second))
        return best, ~(alone | apart)

    def screen(self, prices: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which decisions have crossed as far as floats can tell, and which they cannot."""
        bills = self.bills(prices)
        every = np.arange(len(bills))
        best, close = self.best(prices)
        ours, theirs, once = (
            bills[every, self.chosen],
            bills[every, best],
            self.one_off[every, best],
        )
        saving = ours - theirs
        beyond = saving - ours * float(MARGIN)
        repaid = saving * self.months - once
        crossed = (best != self.chosen) & (beyond > 0) & (repaid > 0)
        size = NEAR * (np.abs(ours) + np.abs(theirs)) * (1 + self.months) + NEAR * once
        on_line = (np.abs(beyond) <= size) | (np.abs(repaid) <= size)
        near = close | ((best != self.chosen) & on_line)
        return crossed, near

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, len(self.fixed), BLOCK):
            yield slice(start, start + BLOCK)


def crossed(packed: Cases, cases: Sequence[Case], prices: Sequence[Decimal]) -> NDArray[np.bool_]:
    """Return which decisions have crossed; exact, because decimals decide near every line."""
    found, near = packed.screen(np.array(prices, dtype=np.float64))
    for row in np.flatnonzero(near):
        found[row] = has_crossed(cases[int(row)], prices)
    return found
