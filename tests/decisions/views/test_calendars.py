"""A calendar is read with a secret address, follows its reviews, and ends when it is revoked."""

import re
from datetime import date

import icalendar
import pytest
from django.test import Client

from decisions import reviews
from decisions.models import FeedToken, Membership, Review
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


def make(client, **fields):
    page = client.post("/profile/notices/calendars/", fields)
    assert page.headers["Cache-Control"] == "no-store"
    (address,) = re.findall(r"http://testserver(/calendar/[\w-]+\.ics)", page.content.decode())
    return address


def events(address):
    answer = Client().get(address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_a_due_review_is_an_all_day_event_with_a_link(client, story):
    (event,) = events(make(client))
    assert event["DTSTART"].dt == date(2026, 12, 31)
    assert event["DTEND"].dt == date(2027, 1, 1)
    assert event["SUMMARY"] == "Review due: Answers (2026 Q4)"
    assert event["URL"].endswith(f"/reviews/{story.review.pk}/")
    assert event["STATUS"] == "CONFIRMED"


def test_the_secret_is_not_kept_nor_shown_again(client, story):
    secret = make(client).removeprefix("/calendar/").removesuffix(".ics")
    assert secret.encode() not in client.get("/profile/notices/").content
    assert secret not in str(FeedToken.objects.values_list("sha256"))


def test_an_event_keeps_its_uid_and_counts_its_changes(client, story):
    address = make(client)
    (before,) = events(address)
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="", by=story.approver, at=NOW)
    (after,) = events(address)
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["SUMMARY"] == "Signed off: Answers (2026 Q4)"


def test_a_program_that_knows_it_already_gets_304(client, story):
    address = make(client)
    etag = Client().get(address).headers["ETag"]
    assert Client().get(address, headers={"if-none-match": etag}).status_code == 304
    Review.objects.update(due_on=date(2027, 1, 15))
    changed = Client().get(address, headers={"if-none-match": etag})
    assert changed.status_code == 200
    assert b"20270115" in changed.content


def test_a_revoked_address_is_gone(client, story):
    address = make(client)
    client.post(f"/profile/notices/calendars/{FeedToken.objects.get().pk}/revoke/")
    assert Client().get(address).status_code == 404


def test_a_teams_calendar_ends_with_its_owners_membership(client, story):
    other = stories.person(None, "other@example.org")
    address = make(client, team=story.team.pk)
    assert len(events(address)) == 1
    Membership.objects.filter(user=story.manager).delete()
    assert Client().get(address).status_code == 404
    client.force_login(other)
    assert client.post("/profile/notices/calendars/", {"team": story.team.pk}).status_code == 302
    assert FeedToken.objects.filter(user=other).count() == 0


def test_a_closed_account_has_no_calendar(client, story):
    address = make(client)
    story.manager.is_active = False
    story.manager.save()
    assert Client().get(address).status_code == 404
    assert Client().get("/calendar/guessed.ics").status_code == 404
