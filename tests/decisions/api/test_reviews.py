"""The due dates of reviews for programs."""

from django.test import Client
from django.utils import timezone

from decisions import tokens
from tests.decisions import stories


def test_a_program_reads_when_its_persons_decisions_are_due(db):
    story = stories.ready()
    key = tokens.make(name="dashboard", by=story.manager, at=timezone.now())
    answer = Client().get("/api/v1/reviews", headers={"Authorization": f"Bearer {key}"})
    (row,) = answer.json()["decisions"]
    assert (row["name"], row["next_due_on"]) == ("Answers", "2026-12-31")
    assert row["cadence"] == "every calendar quarter"
    assert row["review"]["state"] == "scheduled"


def test_nobody_else_reads_them(db):
    story = stories.ready()
    stranger = stories.person(None, "stranger@example.org")
    key = tokens.make(name="x", by=stranger, at=timezone.now())
    answer = Client().get("/api/v1/reviews", headers={"Authorization": f"Bearer {key}"})
    assert answer.json() == {"decisions": []}
    assert Client().get("/api/v1/reviews").status_code == 401
    assert story.review.state == "scheduled"
