"""Acknowledging a flag: once, with a reason, by those who may change the decision."""

import pytest

from decisions.models import Flag
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


@pytest.fixture
def flag(story):
    return Flag.objects.create(
        decision=story.decision, kind="crossed", says="Managed costs less.", opened_at=NOW
    )


def url(flag):
    return f"/flags/{flag.pk}/acknowledge/"


def test_it_takes_a_reason(client, flag):
    page = client.post(url(flag), {"reason": " "})
    assert page.status_code == 200
    assert "reason" in page.context["form"].errors
    flag.refresh_from_db()
    assert flag.acknowledged_at is None


def test_who_when_and_why_are_kept(client, story, flag):
    assert client.get(url(flag)).status_code == 200
    page = client.post(url(flag), {"reason": "The contract runs until May."})
    assert page.status_code == 302
    flag.refresh_from_db()
    assert flag.acknowledged_by_name == story.manager.get_full_name()
    assert flag.reason == "The contract runs until May."


def test_the_second_is_told_and_changes_nothing(client, story, flag):
    client.post(url(flag), {"reason": "First."})
    client.post(url(flag), {"reason": "Second."})
    flag.refresh_from_db()
    assert flag.reason == "First."
    assert b"First." in client.get(url(flag)).content


def test_others_do_not_see_it(client, story, flag):
    client.force_login(stories.person(story.team, "viewer@example.org", "viewer"))
    assert client.get(url(flag)).status_code == 404
    client.force_login(stories.person(None, "auditor@example.org", is_auditor=True))
    assert client.post(url(flag), {"reason": "x"}).status_code == 404
