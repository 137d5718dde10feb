"""Records are found, read and taken along by those who may see them, and by nobody else."""

import hashlib
import json

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from decisions import records, reviews
from decisions.models import AuditEvent, Record, Snapshot
from decisions.rendering import readback
from jobs.models import Job
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db):
    return stories.ready()


@pytest.fixture
def snapshot(story):
    reviews.submit(story.review, note="Prices checked.", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="Agreed.", by=story.approver, at=NOW)
    return Snapshot.objects.get()


@pytest.fixture
def stored(snapshot):
    """Store a short PDF: what the pages do with it does not depend on what it holds."""
    body = b"%PDF-1.7 made"
    return Record.objects.create(
        snapshot=snapshot,
        pdf=body,
        pdf_sha256=hashlib.sha256(body).hexdigest(),
        pages=6,
        size_bytes=len(body),
        rendered_at=NOW,
        product_version="0.1.0",
    )


@pytest.fixture
def member(client, story):
    client.force_login(story.manager)
    return client


def get(client, name, snapshot, **extra):
    return client.get(reverse(name, args=[snapshot.record_id]), **extra)


def text(response):
    return " ".join(response.content.decode().split())


def test_signing_leads_to_the_pdf_exactly_once(member, snapshot, do_work):
    do_work()
    stored = Record.objects.get()
    held = readback.read(bytes(stored.pdf))
    assert held.record_json == snapshot.record_json
    assert 4 <= stored.pages <= 20
    answer = get(member, "record-download", snapshot)
    assert answer.content == bytes(stored.pdf)
    job = Job.objects.get(kind=records.KIND)
    assert (job.state, job.progress_percent) == (Job.State.DONE, 100)
    assert do_work() == 0


class TestList:
    def test_without_records_it_says_what_to_do(self, member):
        page = text(member.get(reverse("record-list")))
        assert "Nothing has been signed off yet" in page
        assert reverse("review-list") in page

    def test_it_names_who_signed_and_leads_to_the_pdf(self, member, snapshot, stored):
        page = text(member.get(reverse("record-list")))
        for words in ("Answers", "2026 Q4", "manager@example.org", "approver@example.org"):
            assert words in page
        assert reverse("record-download", args=[snapshot.record_id]) in page

    @pytest.mark.parametrize(
        ("query", "is_found"),
        [
            ({"text": "answ"}, True),
            ({"text": "search APPROVER"}, True),
            ({"text": "BE-2026Q4"}, True),
            ({"text": "answers nowhere"}, False),
            ({"text": "\0"}, True),
            ({"period": "2026 Q4"}, True),
            ({"period": "2026 Q3"}, False),
            ({"team": "999999"}, False),
            ({"team": "'; --"}, True),
        ],
    )
    def test_it_is_searched(self, member, snapshot, query, is_found):
        page = text(member.get(reverse("record-list"), query))
        assert (snapshot.record_id in page) == is_found
        assert ("No record matches" in page) != is_found

    def test_fifty_to_a_page_with_as_many_queries_as_one(
        self, member, snapshot, django_assert_max_num_queries
    ):
        fields = {f.attname: getattr(snapshot, f.attname) for f in Snapshot._meta.fields}
        for number in range(60):
            own = {"id": None, "record_id": f"X-{number}", "review_id_text": f"x{number}"}
            Snapshot.objects.create(**{**fields, **own})
        with django_assert_max_num_queries(15):
            page = member.get(reverse("record-list"))
        assert len(page.context["found"]) == 50
        assert "Page 1 of 2 (61 in all)" in text(page)

    def test_other_teams_see_nothing(self, client, snapshot):
        client.force_login(stories.person(None, "other@example.org"))
        assert snapshot.record_id not in text(client.get(reverse("record-list")))


class TestDetail:
    def test_it_says_what_was_signed_and_what_it_holds(self, member, snapshot, stored):
        page = text(get(member, "record-detail", snapshot))
        for words in (
            "<strong>Managed</strong> was signed off at EUR 740 a month; it was the best option",
            snapshot.sha256,
            stored.pdf_sha256,
            "Prices checked.",
            "Agreed.",
            "The PDF is ready",
            "EUR 7,500",
        ):
            assert words in page, words

    def test_it_stays_when_the_decision_and_the_people_go(self, client, story, snapshot):
        story.team.delete()
        story.manager.delete()
        auditor = stories.person(None, "auditor@example.org", is_auditor=True)
        client.force_login(auditor)
        assert "was signed off" in text(get(client, "record-detail", snapshot))

    def test_an_older_record_leads_to_the_newer_one(self, member, snapshot):
        fields = {f.attname: getattr(snapshot, f.attname) for f in Snapshot._meta.fields}
        newer = {"id": None, "record_id": "X-2", "review_id_text": "x"}
        Snapshot.objects.create(**{**fields, **newer, "signed_at": timezone.now()})
        assert "A newer record of this decision" in text(get(member, "record-detail", snapshot))


class TestProgress:
    def test_while_it_waits_it_asks_again_each_second(self, member, snapshot):
        part = text(get(member, "record-progress", snapshot))
        assert "The PDF waits for a worker" in part
        assert 'hx-trigger="every 1s"' in part

    def test_it_shows_how_far_the_work_is(self, member, snapshot):
        Job.objects.update(
            state=Job.State.RUNNING,
            progress_percent=55,
            progress_says="Drawing 8 pages",
            lease_until=NOW,
        )
        part = text(get(member, "record-progress", snapshot))
        assert "Drawing 8 pages" in part
        assert 'value="55"' in part

    def test_a_failure_is_told_in_words_with_a_way_on(self, member, snapshot):
        Job.objects.update(state=Job.State.FAILED, error="The PDF could not be made: too long.")
        part = text(get(member, "record-progress", snapshot))
        assert "The signature and the record stand" in part
        assert "The PDF could not be made: too long." in part
        assert reverse("work-retry", args=[Job.objects.get().pk]) in part
        assert "hx-trigger" not in part

    def test_an_auditor_cannot_start_it_again(self, client, snapshot):
        Job.objects.update(state=Job.State.FAILED, error="No.")
        client.force_login(stories.person(None, "auditor@example.org", is_auditor=True))
        assert "Try again" not in text(get(client, "record-progress", snapshot))

    def test_when_it_is_there_it_stops_asking(self, member, snapshot, stored):
        part = text(get(member, "record-progress", snapshot))
        assert "The PDF is ready:</strong> 6 pages" in part
        assert "hx-trigger" not in part


class TestDownload:
    def test_the_file_comes_as_it_was_stored(self, member, snapshot, stored):
        answer = get(member, "record-download", snapshot)
        assert answer.content == bytes(stored.pdf)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == (
            f'attachment; filename="{snapshot.record_id}-answers.pdf"'
        )
        assert answer["Content-Length"] == str(len(answer.content))
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_who_took_it_is_written_down(self, member, snapshot, stored):
        get(member, "record-download", snapshot)
        get(member, "record-json", snapshot)
        events = AuditEvent.objects.filter(what="record downloaded").order_by("position")
        assert [json.loads(event.after)["file"] for event in events] == ["pdf", "json"]
        assert {event.actor for event in events} == {"manager <manager@example.org>"}

    def test_before_it_is_made_the_page_says_how_far_it_is(self, member, snapshot):
        answer = get(member, "record-download", snapshot)
        assert answer["Location"] == reverse("record-detail", args=[snapshot.record_id])
        assert not AuditEvent.objects.filter(what="record downloaded").exists()

    def test_the_json_is_the_signed_text(self, member, snapshot):
        answer = get(member, "record-json", snapshot)
        assert hashlib.sha256(answer.content).hexdigest() == snapshot.sha256
        assert answer["Content-Type"] == "application/json"

    def test_no_name_becomes_a_header(self, member, snapshot, stored, monkeypatch):
        name = 'a"; filename="x.exe\r\nSet-Cookie: a=b'
        monkeypatch.setattr(
            "decisions.access.snapshot",
            lambda *_: Snapshot(pk=snapshot.pk, record_id=snapshot.record_id, decision_name=name),
        )
        answer = get(member, "record-download", snapshot)
        assert answer["Content-Disposition"].count('"') == 2
        assert "Set-Cookie" not in answer.headers


PAGES = ("record-detail", "record-progress", "record-download", "record-json")


@pytest.mark.parametrize("name", PAGES)
class TestAccess:
    def test_other_teams_get_404(self, client, snapshot, stored, name):
        client.force_login(stories.person(None, "other@example.org"))
        assert get(client, name, snapshot).status_code == 404
        assert not AuditEvent.objects.filter(what="record downloaded").exists()

    def test_visitors_have_to_sign_in(self, client, snapshot, name):
        answer = get(client, name, snapshot)
        assert answer.status_code == 302
        assert reverse("account_login") in answer["Location"]

    def test_auditors_read(self, client, snapshot, stored, name):
        user = get_user_model().objects.create_user("a@example.org", "x" * 12, is_auditor=True)
        client.force_login(user)
        assert get(client, name, snapshot).status_code == 200

    def test_nothing_is_posted(self, member, snapshot, name):
        answer = member.post(reverse(name, args=[snapshot.record_id]))
        assert answer.status_code == 405
