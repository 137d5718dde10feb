"""For and against self-hosting, each finding with its figure and direction."""

import pytest

from decisions import findings

from .questions import answer, closed, evaluated, hybrid, managed, pair


def directions(*options, **more):
    return {each.id: each.direction for each in evaluated(*options, **more).findings}


def said(name, *options, **more):
    return next(e.says for e in evaluated(*options, **more).findings if e.id == name)


def test_every_reason_of_the_usual_lists_is_there():
    found = directions(closed(), pair(ops_fte=0.25))
    assert set(found) == {
        "scale", "steadiness", "privacy", "custom-model", "latency", "cost-per-token",
        "growth", "frontier", "team", "iteration", "regions",
    }  # fmt: skip


def test_scale_speaks_for_where_the_api_costs_more_than_machines_and_people():
    assert directions(closed(), pair(ops_fte=0.25))["scale"] == "for"
    assert directions(closed(), pair(ops_fte=1))["scale"] == "against"
    assert "7,500 EUR" in said("scale", closed(), pair(ops_fte=0.25))


@pytest.mark.parametrize(("peak", "direction"), [(2, "for"), (5, "neutral"), (10, "against")])
def test_spikes_speak_against(peak, direction):
    assert directions(closed(), workload={"peak_to_mean": peak})["steadiness"] == direction


@pytest.mark.parametrize(
    ("name", "needs", "direction"),
    [
        ("privacy", {"privacy": True}, "for"),
        ("privacy", {"api_only": True}, "against"),
        ("custom-model", {"custom_model": True}, "for"),
        ("frontier", {"frontier_quality": True}, "against"),
        ("iteration", {"changes_per_quarter": 6}, "against"),
        ("iteration", {"changes_per_quarter": 1}, "neutral"),
        ("regions", {"regions": 4}, "against"),
        ("regions", {"regions": 1}, "neutral"),
    ],
)
def test_what_is_stated_of_the_needs_counts(name, needs, direction):
    assert directions(closed(), requirements=needs)[name] == direction


def test_what_nobody_stated_is_unknown_and_counts_on_neither_side():
    found = evaluated(closed()).findings
    unknown = {each.id for each in found if each.direction == "unknown"}
    assert unknown == {"scale", "cost-per-token", "team", "iteration", "regions"}
    assert findings.counted(found) == (1, 0)


def test_a_first_token_in_less_than_100_ms_speaks_for():
    assert directions(closed(), workload={"ttft_ms": 80})["latency"] == "for"
    assert directions(closed(), workload={"ttft_ms": 500})["latency"] == "neutral"


def test_a_steep_growth_and_nobody_to_run_it_speak_against():
    found = directions(
        closed(),
        pair(ops_fte=0.25),
        workload={"growth_per_month": 0.2},
        checklist={"expertise": {"answer": "no"}},
    )
    assert (found["growth"], found["team"]) == ("against", "against")


def test_a_private_class_of_requests_is_named_with_its_share():
    traffic = [{"name": "s", "share": 0.3, "privacy": True}, {"name": "g", "share": 0.7}]
    assert said("privacy", closed(), requirements={"traffic": traffic}).startswith("30.0 %")


PLAN = {
    "fallback": {"owner": "Ann", "tested_on": "2026-05-01", "monthly_cost": 120},
    "updates": {"monthly_cost": 80},
}


def test_the_plan_costs_every_self_hosted_option_once():
    options = closed(), managed(), pair(), hybrid("H", ("C", 0.5), ("A", 0.5))
    without, found = answer(*options), answer(*options, reliability=PLAN)
    for name, more in {"A": 0, "B": 0, "C": 200, "H": 200}.items():
        assert found.total(name) == without.total(name) + more


def test_a_tested_fallback_answers_the_gate_until_a_quarter_has_passed():
    fresh = answer(pair(), reliability=PLAN, as_of="2026-06-01")
    assert fresh["checklist"]["fallback"]["answer"] == "yes"
    assert fresh.mistake("no-fallback") is None
    old = answer(pair(), reliability=PLAN, as_of="2026-12-01")
    assert old["checklist"]["fallback"]["answer"] == "no"
    assert "214 days ago" in old["checklist"]["fallback"]["why"]
    untested = {"fallback": {"owner": "Ann"}}
    assert answer(pair(), reliability=untested).mistake("no-fallback")


TRAFFIC = [
    {"name": "bulk", "share": 0.8, "least_quality": 0.8},
    {"name": "hard", "share": 0.2, "least_quality": 0.95},
]


def routed(**scores):
    """A mix that sends the bulk to C and the hard cases to A."""
    mix = hybrid("H")
    mix["parts"] = [
        {"option": "C", "share": 0.8, "class": "bulk"},
        {"option": "A", "share": 0.2, "class": "hard"},
    ]
    return closed(quality=0.97), pair(**scores), mix


def test_each_class_is_held_against_who_answers_it():
    found = answer(*routed(quality=0.85), requirements={"traffic": TRAFFIC})
    assert found.option("A")["unmet"] == []
    assert found.option("H")["unmet"] == []
    assert found.option("C")["unmet"] == ["least_quality"]
    assert found.option("C")["unfit_because"] == ["hard: C reached 85.0%, and 95.0% is needed"]


def test_a_score_of_a_class_stands_before_the_general_one():
    scores = {"quality": 0.85, "quality_by_class": {"bulk": 0.7, "gone": 0.1}}
    found = answer(*routed(**scores), requirements={"traffic": TRAFFIC}, chosen="H")
    assert found.option("H")["unfit_because"] == ["bulk: C reached 70.0%, and 80.0% is needed"]
    assert "not good enough" in found.mistake("quality-below-need")


def test_what_was_not_evaluated_is_unfit_and_says_so():
    found = answer(closed(), requirements={"least_quality": 0.9})
    assert found.option("A")["unfit_because"] == ["A has no evaluation, and 90.0% is needed"]


def test_a_private_class_needs_private_machines_only_where_it_is_answered():
    traffic = [{"name": "bulk", "share": 0.8, "privacy": True}, {"name": "hard", "share": 0.2}]
    found = answer(*routed(), requirements={"traffic": traffic})
    unmet = {name: found.option(name)["unmet"] for name in "ACH"}
    assert unmet == {"A": ["privacy"], "C": [], "H": []}


def test_a_fall_below_the_bar_warns():
    found = answer(
        closed(quality=0.9),
        pair(quality=0.84, quality_before=0.91),
        requirements={"least_quality": 0.88},
        chosen="C",
    )
    assert "drifted below the bar: 91.0% at the evaluation before" in found.mistake("quality-drift")
