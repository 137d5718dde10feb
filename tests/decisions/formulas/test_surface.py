"""At every point of the surface the named option is the one whose bill is lowest there."""

import dataclasses
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.formulas.lines import totals
from decisions.formulas.ranges import VOLUME, Span, mover
from decisions.formulas.surface import movers, surface
from tests.decisions.questions import closed, evaluated, managed, measured_pair

SCALES, FACTORS = np.geomspace(0.1, 50, 7), np.geomspace(0.2, 5, 5)


@pytest.fixture(scope="module")
def costs():
    found = evaluated(closed(), managed(), measured_pair(price=1.0))
    return {each.name: (each.lines, each.one_off / 36) for each in found.figures}


def test_rents_and_token_prices_can_be_the_axis_and_people_cannot(costs):
    assert movers([lines for lines, _ in costs.values()]) == [
        "GPU rent",
        "prices of A",
        "prices of B",
    ]


@pytest.mark.parametrize("what", ["prices of B", "GPU rent"])
def test_it_agrees_with_the_bills_themselves(costs, what):
    found = surface(costs, what=what, scales=SCALES, factors=FACTORS, limits={})
    for row, factor in enumerate(FACTORS):
        exact = {
            name: totals(
                [at(line, factor) if mover(line) == what else line for line in lines],
                scales=[Decimal(float(scale)) for scale in SCALES],
            )
            for name, (lines, _) in costs.items()
        }
        for column in range(len(SCALES)):
            once = {name: exact[name][column] + costs[name][1] for name in costs}
            named = found.names[found.cheapest[row, column]]
            assert float(once[named]) == pytest.approx(float(min(once.values())))


def at(line, factor):
    return dataclasses.replace(line, price=line.price * Decimal(float(factor)))


def test_an_option_is_not_named_beyond_what_it_carries(costs):
    bound = surface(costs, what="GPU rent", scales=SCALES, factors=FACTORS, limits={"C": 1.0})
    free = surface(costs, what="GPU rent", scales=SCALES, factors=FACTORS, limits={})
    beyond = bound.names.index("C")
    assert not (bound.cheapest[:, SCALES > 1] == beyond).any()
    assert (free.cheapest[:, SCALES > 1] == beyond).any()


def test_where_none_carries_the_volume_none_is_named(costs):
    limits = dict.fromkeys(costs, 1.0)
    found = surface(costs, what="GPU rent", scales=SCALES, factors=FACTORS, limits=limits)
    assert found.at(scale=50, factor=1) == ""
    assert found.at(scale=0.1, factor=1) != ""


@given(share=st.floats(0, 1), least=st.floats(0.1, 1), most=st.floats(1.01, 5))
def test_a_range_is_passed_in_order(share, least, most):
    span = Span(least, 1.0, most, "")
    assert least <= span.at(share) <= most + 1e-9
    assert span.at(share) >= span.at(share / 2)


def test_eight_of_ten_futures_lie_in_the_band():
    random = np.random.default_rng(7).triangular(VOLUME.least, 1, VOLUME.most, 100_000)
    inside = (random >= VOLUME.at(0.1)) & (random <= VOLUME.at(0.9))
    assert inside.mean() == pytest.approx(0.8, abs=0.01)
