"""Floats screen and decimals decide: together they say exactly what decimals alone would say."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.formulas.screening import MARGIN, Case, Cases, Offered, crossed, has_crossed
from tests.decisions.many_cases import made_up

MONEY = st.decimals(min_value=0, max_value=10**6, places=2)


@st.composite
def cases(draw):
    amounts = draw(st.lists(MONEY, min_size=1, max_size=4))
    places = st.integers(0, len(amounts) - 1)
    option = st.builds(
        Offered,
        fixed=MONEY,
        units=st.lists(st.tuples(places, MONEY), max_size=3).map(tuple),
        one_off=MONEY,
        able=st.booleans(),
    )
    options = draw(st.lists(option, min_size=1, max_size=5))
    months = draw(st.integers(1, 120))
    chosen = draw(st.integers(0, len(options) - 1))
    return Case(options=tuple(options), chosen=chosen, months=months), amounts


@given(cases())
def test_the_screen_never_differs_from_decimals(drawn):
    case, amounts = drawn
    assert list(crossed(Cases.packed([case]), [case], amounts)) == [has_crossed(case, amounts)]


def test_thousands_of_decisions_many_of_them_on_the_line():
    many, amounts = made_up(decisions=1500, options=12, prices=300, seed=1)
    exact = [has_crossed(case, amounts) for case in many]
    assert list(crossed(Cases.packed(many), many, amounts)) == exact
    assert {True, False} == set(exact)


@pytest.mark.parametrize(("cent", "expected"), [("0.00", False), ("0.01", True), ("-0.01", False)])
def test_a_cent_beyond_the_margin_decides(cent, expected):
    ours = Decimal("123456789.00")
    theirs = ours * (1 - MARGIN) - Decimal(cent)
    options = [Offered(fixed=bill, units=(), one_off=Decimal(0)) for bill in (ours, theirs)]
    case = Case(options=tuple(options), chosen=0, months=36)
    assert list(crossed(Cases.packed([case]), [case], [])) == [expected]


def test_floats_alone_would_have_been_wrong_near_the_line():
    many, amounts = made_up(decisions=1500, options=12, prices=300, seed=1)
    alone, near = Cases.packed(many).screen(np.array(amounts, dtype=float))
    exact = np.array([has_crossed(case, amounts) for case in many])
    assert near.any()
    assert (alone == exact)[~near].all()
