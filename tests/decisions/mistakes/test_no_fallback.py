from decisions.mistakes import no_fallback

from ..questions import closed, evaluated, hybrid, managed, pair, said


def test_found_where_machines_stand_alone():
    says = said(no_fallback, evaluated(closed(), managed(), pair(), chosen="C"))
    assert "an outage of 2 hours leaves 3.56 million tokens unanswered" in says
    assert "B would answer them for EUR 2.03" in says


def test_found_in_the_self_hosted_part_of_a_hybrid():
    mixed = hybrid("H", ("C", 0.8), ("A", 0.2))
    says = said(no_fallback, evaluated(closed(), pair(), mixed, chosen="H"))
    assert "2.85 million tokens" in says


def test_not_found_with_a_fallback():
    assert no_fallback.find(evaluated(managed(), pair(fallback="B"), chosen="C")) is None


def test_not_found_where_the_team_says_that_it_has_one():
    answers = {"fallback": {"answer": "yes", "evidence": "runbook 7"}}
    assert no_fallback.find(evaluated(pair(), chosen="C", checklist=answers)) is None


def test_not_found_for_an_api():
    assert no_fallback.find(evaluated(closed(), pair(), chosen="A")) is None
