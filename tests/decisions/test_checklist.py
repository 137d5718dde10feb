"""The nine questions: what the figures suggest, how answers are read, and the advice."""

import pytest

from decisions import checklist
from decisions.question import Answer

from .questions import bill, closed, evaluated, managed, pair

ALL_YES = {each.id: Answer(answer="yes") for each in checklist.QUESTIONS}


def suggested(*options, **more):
    return checklist.suggest(evaluated(*options, **more))


def read(**changes):
    given = {name.replace("_", "-"): Answer(answer=answer) for name, answer in changes.items()}
    return checklist.read_answers(ALL_YES | given)


def test_nine_questions_of_which_three_are_gates():
    assert len(checklist.QUESTIONS) == 9
    places = [place for place, each in enumerate(checklist.QUESTIONS, 1) if each.is_gate]
    assert places == [6, 7, 9]


def test_all_yes():
    assert read().says == "9 of 9"


def test_a_missing_gate_is_named():
    reading = read(fallback="no", steady="no")
    assert reading.says == "7 of 9; gate missing: fallback plan"
    assert reading.gates_missing == ("fallback plan",)


def test_unanswered_gates_are_missing():
    reading = checklist.read_answers({})
    assert (reading.yes, reading.of, len(reading.gates_missing)) == (0, 9, 3)


def test_what_does_not_apply_is_not_counted_but_a_gate_stays_one():
    assert read(latency="not_applicable").says == "8 of 8"
    assert read(fallback="not_applicable").says == "8 of 8; gate missing: fallback plan"


@pytest.mark.parametrize(
    ("answer", "yes", "says"),
    [
        ("free", 9, "9 of 9"),
        ("demands_self_hosting", 8, "8 of 9; compliance demands self-hosting"),
        ("demands_api", 8, "8 of 9; compliance demands an API"),
    ],
)
def test_compliance_has_three_values(answer, yes, says):
    reading = read(compliance=answer)
    assert (reading.yes, reading.says) == (yes, says)


def test_spend_is_compared_with_rent_and_people():
    own = pair(ops_fte=0.25)
    low, high = (suggested(bill("api", amount), own)["spend"] for amount in (6149, 6150))
    assert (low.answer, high.answer) == ("no", "yes")
    assert "EUR 6,150 a month" in high.why
    assert "EUR 3,650 for machines and EUR 2,500 for people" in high.why


def test_spend_needs_both_sides():
    assert suggested(closed())["spend"].answer is None


@pytest.mark.parametrize(
    ("workload", "answer"),
    [
        ({"peak_to_mean": 2}, "yes"),
        ({"peak_to_mean": 10}, "no"),
        ({"hourly_tokens": [10] + [1] * 23}, "no"),
        ({"peak_to_mean": None}, None),
    ],
)
def test_steady(workload, answer):
    assert suggested(closed(), workload=workload)["steady"].answer == answer


def test_expertise_and_cost_math_follow_the_people_counted():
    without, with_people = (suggested(closed(), pair(ops_fte=fte)) for fte in (0, 0.25))
    assert (without["expertise"].answer, without["cost-math"].answer) == ("no", "no")
    assert (with_people["expertise"].answer, with_people["cost-math"].answer) == ("yes", "yes")


def test_model_quality():
    frontier = {"frontier_quality": True}
    assert suggested(closed(), pair(), requirements=frontier)["model-quality"].answer == "no"
    for measured, answer in ((0.95, "yes"), (0.8, "no")):
        found = suggested(pair(quality=measured), requirements={"least_quality": 0.9})
        assert found["model-quality"].answer == answer
    assert suggested(closed(), pair())["model-quality"].answer is None


def test_latency():
    assert suggested(closed(), pair())["latency"].answer == "yes"
    assert suggested(pair(), workload={"tpot_ms": 50})["latency"].answer == "yes"
    assert suggested(pair(), workload={"tpot_ms": 1})["latency"].answer == "no"
    assert suggested(closed(), workload={"tpot_ms": 50})["latency"].answer is None


def test_fallback():
    assert suggested(closed(), pair(), chosen="C")["fallback"].answer == "no"
    assert suggested(closed(), pair(fallback="A"), chosen="C")["fallback"].answer == "yes"
    assert suggested(closed(), pair(), chosen="A")["fallback"].answer == "yes"


def test_compliance():
    wanted = [{}, {"privacy": True}, {"api_only": True}]
    answers = [suggested(closed(), requirements=each)["compliance"].answer for each in wanted]
    assert answers == ["free", "demands_self_hosting", "demands_api"]


def test_revisit():
    dates = {"as_of": "2026-06-01"}
    assert suggested(closed(), **dates)["revisit"].answer is None
    assert suggested(closed(), last_reviewed_on="2026-05-01", **dates)["revisit"].answer == "yes"
    assert suggested(closed(), last_reviewed_on="2025-05-01", **dates)["revisit"].answer == "no"


def test_stay_on_apis_unless_self_hosting_clearly_wins():
    advice = evaluated(closed(), managed(), pair(ops_fte=0.25)).advice
    assert advice.startswith("Stay on APIs: B costs EUR 740 a month, and C EUR 6,150;")
    assert "saves nothing" in advice


def test_a_small_saving_is_not_clear():
    advice = evaluated(bill("api", 6300), pair(ops_fte=0.25)).advice
    assert "self-hosting saves only 2.4 %" in advice


def test_a_slow_payback_is_not_clear():
    advice = evaluated(bill("api", 8000), pair(ops_fte=0.25, setup_cost=30_000)).advice
    assert "does not pay its set-up back within a year" in advice


def test_a_clear_win_still_needs_the_gates():
    own = pair(ops_fte=0.25, fallback="api")
    waiting = evaluated(bill("api", 18_000), own, chosen="C")
    assert "before self-hosting there must be: quarterly review" in waiting.advice
    done = evaluated(bill("api", 18_000), own, chosen="C", checklist={"revisit": {"answer": "yes"}})
    assert done.advice.startswith("Self-hosting clearly wins: C costs EUR 6,150 a month")


def test_privacy_demands_self_hosting():
    advice = evaluated(managed(), pair(ops_fte=0.25), requirements={"privacy": True}).advice
    assert advice.startswith("Self-host with C: compliance demands it.")


def test_an_api_that_is_demanded():
    advice = evaluated(managed(), pair(ops_fte=0.25), requirements={"api_only": True}).advice
    assert advice.startswith("Stay on APIs: B costs EUR 740")


def test_without_an_api_to_compare():
    assert evaluated(pair(ops_fte=0.25)).advice.startswith("Self-host with C: no API")
