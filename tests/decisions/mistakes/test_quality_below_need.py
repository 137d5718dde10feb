from decisions.mistakes import quality_below_need

from ..questions import closed, evaluated, hybrid, pair


def found(*options, **wanted):
    return quality_below_need.find(evaluated(*options, chosen="C", requirements=wanted))


def test_found_for_a_small_model_and_frontier_quality():
    small = pair(model="Llama-3.1-8B")
    says = found(closed(), small, frontier_quality=True)
    assert "a small model of 8 billion parameters" in says


def test_found_where_the_measured_quality_is_too_low():
    says = found(closed(), pair(quality=0.8), least_quality=0.9)
    assert "measured at 80% of the tasks and 90% is needed" in says


def test_not_found_where_the_measured_quality_suffices():
    assert found(pair(quality=0.95), least_quality=0.9, frontier_quality=True) is None


def test_not_found_where_a_closed_model_takes_the_hard_part():
    mixed = hybrid("H", ("C", 0.8), ("A", 0.2))
    wanted = {"frontier_quality": True}
    all_of_it = evaluated(closed(), pair(), mixed, chosen="H", requirements=wanted)
    assert quality_below_need.find(all_of_it) is None


def test_not_found_where_nothing_is_demanded():
    assert found(closed(), pair(model="Llama-3.1-8B")) is None
