from decisions.mistakes import not_reconsidered

from ..questions import bill, closed, evaluated, managed, pair


def found(*options, **more):
    return not_reconsidered.find(evaluated(*options, **{"as_of": "2026-06-01"} | more))


def test_found_after_more_than_a_quarter():
    says = found(managed(), pair(), chosen="C", last_reviewed_on="2025-06-01")
    assert "The last review was 365 days ago, on 2025-06-01." in says
    assert "B costs EUR 2,910 a month less than C" in says


def test_found_where_nobody_means_to_revisit():
    answers = {"revisit": {"answer": "no"}}
    falling = bill("then", 5000, kind="managed_open", price_drift_per_month=-0.04)
    own = bill("own", 4000, kind="rented_gpu")
    says = found(own, falling, chosen="own", checklist=answers)
    assert says.startswith("Nobody will revisit this decision")
    assert "then becomes cheaper after 5.5 months" in says


def test_found_even_where_the_choice_is_still_right():
    says = found(closed(), managed(), chosen="B", last_reviewed_on="2025-06-01")
    assert "B is still the cheapest, at EUR 740 a month." in says


def test_not_found_within_the_quarter_or_without_dates():
    assert found(managed(), pair(), chosen="C", last_reviewed_on="2026-05-01") is None
    assert found(managed(), pair(), chosen="C") is None
    assert found(managed(), pair(), last_reviewed_on="2020-01-01") is None
