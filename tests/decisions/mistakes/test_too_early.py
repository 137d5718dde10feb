from decisions.mistakes import too_early

from ..questions import closed, evaluated, managed, pair, said


def test_found_where_an_api_is_cheaper():
    says = said(too_early, evaluated(closed(), managed(), pair(ops_fte=0.25), chosen="C"))
    assert "costs EUR 5,410 a month more than B" in says
    assert "begins to pay at 10.8 billion tokens, 8.3 times today, which is more than" in says


def test_found_within_what_the_machines_carry():
    says = said(too_early, evaluated(managed(), pair(), chosen="C"))
    assert says.endswith("It begins to pay at 6.41 billion tokens, 4.9 times today.")


def test_found_where_no_volume_pays():
    cheap = managed(input_per_mtok=1e-6, output_per_mtok=1e-6)
    says = said(too_early, evaluated(cheap, pair(), chosen="C"))
    assert "No larger volume makes it pay" in says


def test_not_found_where_it_pays():
    assert too_early.find(evaluated(closed(), pair(), chosen="C")) is None


def test_not_found_where_an_api_is_chosen():
    assert too_early.find(evaluated(managed(), pair(), chosen="B")) is None


def test_not_found_where_privacy_rules_the_api_out():
    found = evaluated(managed(), pair(), chosen="C", requirements={"privacy": True})
    assert too_early.find(found) is None
