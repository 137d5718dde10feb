"""Made-up decisions by the thousand, for tests and for the measurements."""

from decimal import Decimal

import numpy as np

from decisions.formulas.screening import MARGIN, Case, Offered


def made_up(
    *, decisions: int, options: int, prices: int, seed: int
) -> tuple[list[Case], list[Decimal]]:
    """Return made-up decisions and prices to measure with, many of them close to a line."""
    random = np.random.default_rng(seed)
    amounts = [Decimal(int(each)) / 100 for each in random.integers(10, 2000, prices)]
    places = random.integers(0, prices, (decisions, options, 2))
    units = random.integers(1, 3000, (decisions, options, 2))
    fixed = random.integers(0, 2000, (decisions, options))
    once = random.integers(0, 3, (decisions, options)) * 10_000
    chosen = random.integers(0, options, decisions)
    close = random.random(decisions) < 0.02
    # Many share an amount, and a decimal takes 100 bytes.
    whole = [Decimal(n) for n in range(20_001)]
    cases = []
    for row in range(decisions):
        found = [
            Offered(
                fixed=whole[fixed[row, column]],
                units=tuple(
                    (int(p), whole[u])
                    for p, u in zip(places[row, column], units[row, column], strict=True)
                ),
                one_off=whole[once[row, column]],
            )
            for column in range(options)
        ]
        if close[row]:
            # Exactly at the margin: the cheapest other option costs 95 % of the chosen one.
            other = (int(chosen[row]) + 1) % options
            ours = found[int(chosen[row])].per_month(amounts)
            found = [
                Offered(fixed=each.fixed + ours, units=each.units, one_off=each.one_off)
                for each in found
            ]
            found[int(chosen[row])] = Offered(fixed=ours, units=(), one_off=Decimal(0))
            found[other] = Offered(fixed=ours * (1 - MARGIN), units=(), one_off=Decimal(0))
        cases.append(Case(options=tuple(found), chosen=int(chosen[row]), months=36))
    return cases, amounts
