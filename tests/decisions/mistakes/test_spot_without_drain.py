from decisions.mistakes import spot_without_drain

from ..questions import evaluated, hybrid, managed, pair, said

EVERY_FOUR_HOURS = {"discount": 0.6, "interruptions_per_month": 182, "recovery_minutes": 10}


def test_found_with_the_availability_that_is_left():
    found = evaluated(pair(spot=EVERY_FOUR_HOURS | {"drained": False}))
    says = said(spot_without_drain, found)
    assert "30.3 hours down, 95.8 % availability" in says
    assert "99.9 %, the usual promise, allows 0.73 hours" in says
    assert says.endswith("60.0 % off the rent.")


def test_found_against_what_was_promised():
    option = pair(spot=EVERY_FOUR_HOURS)
    says = said(spot_without_drain, evaluated(option, workload={"availability": 0.99}))
    assert "99 % allows 7.3 hours" in says


def test_found_once_for_a_part_of_a_hybrid():
    option = pair(spot=EVERY_FOUR_HOURS)
    found = evaluated(managed(), option, hybrid("H", ("C", 0.5), ("B", 0.5)))
    assert said(spot_without_drain, found).count("is reclaimed") == 1


def test_not_found_where_machines_are_drained_or_not_spot():
    drained = pair(spot=EVERY_FOUR_HOURS | {"drained": True})
    assert spot_without_drain.find(evaluated(drained)) is None
    assert spot_without_drain.find(evaluated(pair())) is None
