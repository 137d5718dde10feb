"""A decision leaves as a Markdown decision record; what people typed stays text in it."""

import re

import pytest
from django.urls import reverse

from decisions import madr
from decisions.models import AuditEvent
from tests.decisions import record_examples as examples
from tests.factories import make_member, make_snapshot

from . import stories

HEADINGS = [
    "## Context and Problem Statement",
    "## Decision Drivers",
    "## Considered Options",
    "## Decision Outcome",
    "### Consequences",
    "## Pros and Cons of the Options",
    "## More Information",
]


@pytest.fixture
def story(db):
    return stories.ready()


def test_a_record_has_the_headings_in_their_order():
    held = examples.record()
    text = madr.write(held, status="accepted")
    places = [text.index(heading) for heading in HEADINGS]
    assert places == sorted(places)
    assert text.startswith("---\nstatus: accepted\ndate: ")
    assert f'Chosen option: "{held["decision"]["chosen"]}", because' in text
    assert all(f"### {option['name']}\n" in text for option in held["result"]["options"])


@pytest.mark.parametrize(
    "typed",
    [
        "# not a heading",
        "* no bullet",
        "<script>alert(1)</script>",
        "[a](javascript:1)",
        "&lt;",
    ],
)
def test_what_people_typed_stays_text(typed):
    held = examples.record()
    held["decision"] = {**held["decision"], "name": typed, "chosen_because": f"one\n\n{typed}"}
    text = madr.write(held, status="accepted")
    assert re.search(rf"(?<!\\){re.escape(typed)}", text) is None
    assert "\n\none" not in text
    assert madr.plain(typed) in text


@pytest.mark.parametrize("typed", ["- no item", "1. none", "--- no rule", "+ no item"])
def test_what_people_typed_begins_no_list_and_no_rule(typed):
    held = examples.record()
    held["decision"] = {**held["decision"], "purpose": typed}
    lines = madr.write(held, status="accepted").splitlines()
    assert not [line for line in lines if line.startswith(typed)]
    assert madr.plain(typed) in lines


@pytest.mark.django_db
def test_a_signed_record_is_taken_along_and_noted(client, story):
    snapshot = make_snapshot(story.decision)
    client.force_login(story.manager)
    answer = client.get(reverse("record-markdown", args=[snapshot.record_id]))
    assert answer["Content-Disposition"].endswith('.md"')
    assert "status: accepted" in answer.content.decode()
    assert AuditEvent.objects.filter(what="record downloaded", after__contains='"md"').exists()


@pytest.mark.django_db
def test_a_decision_that_nobody_signed_is_proposed(client, story):
    client.force_login(make_member(story.decision.team))
    address = reverse("decision-markdown", args=[story.decision.pk])
    text = client.get(address).content.decode()
    assert 'Chosen option: "Managed", because' in text
    assert "status: proposed" in text


def test_without_a_choice_it_says_so():
    held = examples.record()
    held["decision"] = {**held["decision"], "chosen": None}
    assert "No option is chosen yet." in madr.write(held, status="proposed")
