from decisions.mistakes import no_people_cost

from ..questions import bill, closed, evaluated, hybrid, managed, pair, said


def test_found_where_operations_are_zero():
    says = said(no_people_cost, evaluated(closed(), pair()))
    assert says.startswith("C counts nobody to run the machines.")
    assert "EUR 2,500 to 10,000 a month" in says
    assert "3,850 a month, pays for 0.38 FTE" in says


def test_found_in_a_bill_and_in_a_hybrid():
    own = bill("own", 4500, kind="reserved_gpu")
    says = said(no_people_cost, evaluated(closed(), own, hybrid("H", ("own", 0.8), ("A", 0.2))))
    assert says.startswith("own, H count nobody")


def test_without_a_wage_it_speaks_of_fte_only():
    says = said(no_people_cost, evaluated(closed(), pair(), people={}))
    assert "0.25 to 1 FTE, on top of the rent" in says


def test_not_found_with_people_or_without_machines():
    assert no_people_cost.find(evaluated(closed(), pair(ops_fte=0.25))) is None
    assert no_people_cost.find(evaluated(closed())) is None


def test_people_beside_the_api_of_a_mix_do_not_run_its_machines():
    api = managed(ops_fte=0.1)
    mixed = hybrid("H", ("C", 0.5), ("B", 0.5))
    says = said(no_people_cost, evaluated(api, pair(), mixed))
    assert says.startswith("C, H count nobody")
    staffed = evaluated(api, pair(ops_fte=0.25), mixed)
    assert no_people_cost.find(staffed) is None
