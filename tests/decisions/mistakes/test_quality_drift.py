from decisions.mistakes import quality_drift

from ..questions import closed, evaluated, pair


def found(*options, **more):
    return quality_drift.find(evaluated(*options, **{"chosen": "C", "as_of": "2026-06-01"} | more))


def test_found_where_nobody_measured():
    assert "Nobody has stated when the quality of C" in found(closed(), pair())


def test_found_where_the_measurement_is_old():
    says = found(closed(), pair(), quality_measured_on="2026-01-01")
    assert "last measured 151 days ago, on 2026-01-01" in says


def test_found_where_closed_models_have_moved_on():
    says = found(closed(quality=0.9), pair(quality=0.8), quality_measured_on="2026-05-20")
    assert "measured at 80% and A at 90%" in says


def test_not_found_where_it_keeps_up():
    options = closed(quality=0.9), pair(quality=0.88)
    assert found(*options, quality_measured_on="2026-05-20") is None


def test_not_found_for_an_api_or_without_a_choice():
    assert found(closed(), pair(), chosen="A") is None
    assert found(closed(), pair(), chosen=None) is None
