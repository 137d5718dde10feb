"""What is kept of quality and reliability in a signed record, and what is said when they change."""

import json
from datetime import date
from decimal import Decimal

import jsonschema
import pytest

from decisions import changes, contents, quality, records, reliability, standing
from decisions.models import Decision
from tests.decisions import stories
from tests.decisions.stories import NOW

PART = {
    "part": "fallback",
    "plan": "Switch the gateway.",
    "owner": "Ann",
    "tested_on": date(2026, 11, 1),
}


@pytest.fixture
def story(db):
    story = stories.ready()
    by = {"by": story.manager, "at": NOW}
    quality.add_score(
        story.decision,
        option_name="Managed",
        score=0.91,
        benchmark="500 tickets",
        measured_on=date(2026, 11, 2),
        evidence=quality.Evidence("result.csv", b"a,b"),
        version=story.decision.version,
        **by,
    )
    parts = [{**PART, "monthly_cost": Decimal(120)}]
    reliability.set_plan(story.decision, parts=parts, version=story.decision.version, **by)
    return story


def fresh(story):
    return Decision.objects.select_related("team", "chosen", "workload").get(pk=story.decision.pk)


def test_a_record_keeps_the_evaluations_and_the_plan(story):
    snapshot = records.freeze(story.review, by=story.approver, at=NOW)
    held = json.loads(snapshot.record_json)
    described = json.loads(contents.schema())["properties"]
    for name in ("quality_scores", "reliability_plan"):
        jsonschema.validate(held[name], described[name])
    (score,) = held["quality_scores"]
    assert (score["benchmark"], score["measured_on"]) == ("500 tickets", "2026-11-02")
    assert len(score["file_sha256"]) == 64
    (part,) = held["reliability_plan"]
    assert part["plan"] == "Switch the gateway."
    assert held["question"]["reliability"]["fallback"]["monthly_cost"] == 120
    assert len(held["result"]["findings"]) == 11


def test_a_changed_plan_and_bar_are_named_in_the_summary(story):
    before = standing.answer(fresh(story))
    record = {"question": before.asked.raw, "result": before.result}
    parts = [{**PART, "owner": "Bob", "monthly_cost": Decimal(150)}]
    decision = fresh(story)
    by = {"by": story.manager, "at": NOW}
    reliability.set_plan(decision, parts=parts, version=decision.version, **by)
    classes = [{"name": "all", "share": 1.0, "least_quality": 0.8}]
    quality.set_traffic(decision, classes=classes, version=decision.version, **by)
    said = {each.what for each in changes.between(record, standing.answer(fresh(story)))}
    assert {"reliability: fallback", "requirements: traffic"} <= said
