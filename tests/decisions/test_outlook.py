"""What would turn the answer, and what has the signed choice cost since?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions import outlook
from tests.decisions.questions import closed, evaluated, managed, pair

START = datetime(2026, 9, 1, tzinfo=UTC)


def turns(best, *options, **more):
    return {turn.what: turn for turn in outlook.turns(evaluated(*options, **more), best)}


def test_the_nearest_turning_point_comes_first_and_is_exact():
    found = outlook.turns(evaluated(managed(), pair(price=1.5)), "B")
    assert found[0].what == "GPU rent"
    # Twice the price and twice the volume are equally far away.
    assert {turn.what for turn in found[1:]} == {"prices of B", "volume"}
    assert float(found[0].factor) == pytest.approx(740 / 2190)
    assert float(found[1].factor) == pytest.approx(2190 / 740)
    assert float(found[2].factor) == pytest.approx(2190 / 740)


@given(price=st.integers(60, 300))
def test_at_a_turning_point_both_cost_the_same(price):
    turn = turns("B", managed(), pair(price=price / 100))["GPU rent"]
    rent = price / 100 * float(turn.factor)
    assert rent * 2 * 730 == pytest.approx(740)


def test_what_does_not_do_what_is_asked_turns_nothing():
    asked = {"requirements": {"frontier_quality": True}}
    assert turns("A", closed(), managed(), **asked) == {}


def test_falling_token_prices_turn_a_close_race():
    found = evaluated(closed(input_per_mtok=1.5, output_per_mtok=7.5), pair(ops_fte=0))
    played = {each.says: each for each in outlook.scenarios(found, "C")}
    falling = played["Token prices fall 30% a year"]
    assert (falling.best, falling.changes) == ("A", True)
    assert falling.costs_more > 0
    assert falling.flips_to == "A"
    assert not played["GPU rents fall 20% a year"].changes


def replayed(*steps):
    return outlook.Replay(
        chosen="C",
        signed_at=START,
        steps=tuple(
            outlook.Step(
                at=START + timedelta(days=day),
                chosen_per_month=Decimal(1000),
                best=best,
                best_per_month=Decimal(per_month),
            )
            for day, best, per_month in steps
        ),
        until=START + timedelta(days=60),
    )


def test_the_ledger_adds_up_by_quarter_and_the_crossing_is_dated():
    found = replayed((0, "C", 1000), (20, "B", 635))
    assert found.crossed_at == START + timedelta(days=20)
    assert {name: round(each) for name, each in found.quarters().items()} == {
        "2026 Q3": 120,
        "2026 Q4": 360,
    }
    assert round(found.cost()) == 480


def test_a_crossing_that_went_back_is_over():
    found = replayed((0, "B", 635), (20, "C", 1000))
    assert found.crossed_at is None
    assert round(found.cost()) == 240
