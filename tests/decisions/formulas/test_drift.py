from decimal import Decimal

import pytest

from decisions.formulas.drift import cost_between, flip


def months(*amounts):
    return [Decimal(amount) for amount in amounts]


def test_flips_between_two_months():
    assert flip(ours=months(10, 10, 10), theirs=months(12, 11, 7)) == Decimal("1.25")


def test_no_flip_where_it_was_dearer_from_the_start_or_never_is():
    assert flip(ours=months(10, 10), theirs=months(9, 8)) is None
    assert flip(ours=months(10, 10), theirs=months(12, 11)) is None


def test_equal_bills_that_part_flip_where_they_part():
    assert flip(ours=months(10, 10, 10), theirs=months(10, 10, 9)) == 1


@pytest.mark.parametrize(
    ("start", "end", "cost"), [("0", "2", 2), ("1", "2", "1.5"), ("2", "2", 0)]
)
def test_cost_is_the_area_between_the_bills(start, end, cost):
    terms = {"ours": months(10, 11, 12), "theirs": months(10, 10, 10)}
    assert cost_between(start=Decimal(start), end=Decimal(end), **terms) == Decimal(cost)
