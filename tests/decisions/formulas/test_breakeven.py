"""Every crossing of two bills, found and placed right."""

import itertools
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.formulas.breakeven import Curve, crossings, curve, rent_that_ties
from decisions.formulas.lines import Line, Nature, Part


@dataclass(frozen=True)
class Each:
    """Stairs with one replica for each so much volume."""

    holds: float
    band: tuple[float, float] = (1.0, 1.0)

    def replicas(self, scales):
        return np.maximum(1.0, np.ceil(scales / self.holds))


def line(fixed, slope):
    return Curve(fixed=Decimal(str(fixed)), slope=Decimal(str(slope)))


def stairs(price, holds, fixed=0):
    step = (Each(holds), Decimal(1), Decimal(str(price)))
    return Curve(fixed=Decimal(str(fixed)), slope=Decimal(0), steps=(step,))


def found(*curves, lowest=1e-3, highest=1e3):
    points, cut_short = crossings(curves, lowest_scale=lowest, highest_scale=highest)
    assert not cut_short
    return points


def test_two_lines_cross_once():
    [point] = found(line(0, 10), line(100, 0))
    assert point.scale == pytest.approx(10)
    assert point.cheaper_above == 1
    assert not point.at_step


def test_lines_that_run_side_by_side_do_not_cross():
    assert found(line(1, 10), line(2, 10)) == []
    assert found(line(1, 10), line(1, 10)) == []
    assert found(stairs(5, 2), stairs(5, 2)) == []


def test_a_line_and_stairs_cross_at_each_step():
    """Price 10 a replica holding 2, against 8 a unit: up and down until the line stays above."""
    points = found(line(0, 8), stairs(10, 2))
    assert [round(each.scale, 6) for each in points] == [1.25, 2.0, 2.5]
    assert [each.cheaper_above for each in points] == [1, 0, 1]
    assert [each.at_step for each in points] == [False, True, False]


def test_a_crossing_exactly_at_a_grid_point_counts_once():
    assert len(found(line(0, 10), line(10, 0), lowest=1, highest=1e3)) <= 1
    assert len(found(line(0, 10), line(10, 0), lowest=0.5, highest=2)) == 1


def test_stairs_seen_by_a_share_of_the_volume():
    half = Curve(
        fixed=Decimal(0), slope=Decimal(0), steps=((Each(2), Decimal("0.5"), Decimal(10)),)
    )
    points = found(line(0, 4), half)
    assert [round(each.scale, 6) for each in points] == [2.5, 4.0, 5.0]


def test_bills_that_never_part_are_cut_short_and_say_so():
    """The line lies just above the mean of the stairs over endlessly many steps."""
    many = [line(0, 5.0000001), stairs(10, 2)]
    points, cut_short = crossings(many, lowest_scale=1e-3, highest_scale=1e6)
    assert cut_short == {(0, 1)}
    assert points


def test_a_pair_cut_short_hides_no_other_pair():
    curves = [line(0, 5.0000001), stairs(10, 2), line(0, 100), line(500, 0)]
    points, cut_short = crossings(curves, lowest_scale=1e-3, highest_scale=1e6)
    assert cut_short == {(0, 1)}
    assert [(each.first, each.second) for each in points if each.first == 2] == [(2, 3)]


def test_lines_of_a_bill_fold_into_a_curve():
    fixed = Line(
        part=Part.GPUS,
        nature=Nature.RENT,
        unit="GPUs",
        price_says="",
        price=Decimal(3),
        fixed=Decimal(2),
    )
    bill = [
        fixed,
        replace(fixed, price=Decimal(5), fixed=Decimal(0), scaling=Decimal(2)),
        replace(
            fixed,
            price=Decimal(7),
            fixed=Decimal(0),
            per_replica=Decimal(2),
            stairs=Each(1),
        ),
    ]
    folded = curve(bill)
    assert (folded.fixed, folded.slope) == (Decimal(6), Decimal(10))
    assert folded.steps == ((Each(1), Decimal(1), Decimal(14)),)


def test_no_rent_ties_where_the_rest_already_costs_more():
    ties = rent_that_ties(
        other_total=Decimal(100),
        own_total=Decimal(500),
        own_gpus=Decimal(300),
        gpu_hours=Decimal(1460),
    )
    assert ties is None


numbers = st.decimals("0", "50", places=2).map(float)


@given(a=numbers, b=numbers, price=numbers, holds=st.decimals("0.5", "20", places=1).map(float))
@settings(max_examples=150, deadline=None)
def test_between_two_crossings_the_same_bill_is_lower(a, b, price, holds):
    curves = [line(a, b), stairs(price + 0.01, holds)]
    points, cut_short = crossings(curves, lowest_scale=0.1, highest_scale=200.0)
    if cut_short:
        return
    edges = [0.1, *(each.scale for each in points), 200.0]
    for low, high in itertools.pairwise(edges):
        if high - low < 1e-6 * high:
            continue
        inside = np.linspace(low, high, 41)[1:-1]
        gap = (a + b * inside) - (price + 0.01) * Each(holds).replicas(inside)
        clear = gap[np.abs(gap) > 1e-6 * (1 + price)]
        assert (clear > 0).all() or (clear < 0).all()
