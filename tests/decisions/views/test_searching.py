"""Auditors find records and events again, keep their searches, and take what they found along."""

import csv
import io
from datetime import date

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from decisions import audit, keeping, population, quarters
from decisions.models import AuditEvent, SavedSearch
from tests.factories import make_decision, make_member, make_snapshot, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client):
    client.auditor = make_user(is_auditor=True)
    client.force_login(client.auditor)
    return client


@pytest.fixture
def records():
    team = make_team("Search")
    first = make_snapshot(
        make_decision(team, name="Answers"), chosen_name="Managed", flag_kinds="crossed"
    )
    second = make_snapshot(
        make_decision(team, name="Labels"), chosen_name="Own GPUs", prepared_by="Zoe <z@x.org>"
    )
    return first, second


def found(client, **asked):
    page = client.get(reverse("record-list"), asked)
    return [row.decision_name for row, *_ in page.context["found"]]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"decision": "answ"}, ["Answers"]),
        ({"person": "zoe"}, ["Labels"]),
        ({"option": "own"}, ["Labels"]),
        ({"flag": "crossed"}, ["Answers"]),
        ({"text": "managed"}, ["Answers"]),
        ({"option": "own", "flag": "crossed"}, []),
        ({"period": "nonsense"}, []),
    ],
)
def test_each_filter_narrows_the_records(auditor, records, asked, names):
    assert found(auditor, **asked) == names


def test_records_under_a_hold_are_found(auditor, records):
    administrator = make_user(is_administrator=True)
    keeping.hold(records[0], because="Case 7", by=administrator, at=timezone.now())
    assert found(auditor, held="1") == ["Answers"]
    assert "legal hold" in auditor.get(reverse("record-list")).content.decode()


def test_what_was_found_leaves_as_a_file_and_is_noted(auditor, records):
    body = auditor.get(reverse("record-list"), {"decision": "answ", "download": "csv"})
    (row,) = csv.DictReader(io.StringIO(body.content.decode()))
    assert (row["record_id"], row["chosen_name"]) == (records[0].record_id, "Managed")
    event = AuditEvent.objects.get(what="list of records downloaded")
    assert "answ" in event.after


def test_the_reviews_of_the_quarter_are_counted(auditor, records):
    counts = auditor.get(reverse("record-list"), {"period": "2026 Q4"}).context["population"]
    assert counts["quarter"] == "2026 Q4"
    assert counts["counts"].due == counts["counts"].signed + counts["counts"].missing + (
        counts["counts"].not_yet_due
    )


def test_the_queries_do_not_grow_with_the_records(auditor, records, django_assert_max_num_queries):
    for number in range(20):
        make_snapshot(make_decision(make_team(f"Team {number}")))
    with django_assert_max_num_queries(15):
        auditor.get(reverse("record-list"))


class TestAuditTrail:
    @pytest.fixture
    def events(self, auditor):
        with transaction.atomic():
            for what, team in (("price accepted", ""), ("option added", "Search")):
                audit.write(
                    what,
                    by=auditor.auditor,
                    at=timezone.now(),
                    subject="H100",
                    team=team,
                    after={"says": f"because of {what}"},
                )

    @pytest.mark.parametrize(
        ("asked", "whats"),
        [
            ({}, ["option added", "price accepted"]),
            ({"what": "option added"}, ["option added"]),
            ({"team": "Search"}, ["option added"]),
            ({"text": "because price"}, ["price accepted"]),
            ({"person": "nobody"}, []),
            ({"from": "2999-01-01"}, []),
            ({"until": "2999-01-01", "from": "2020-02-31"}, ["option added", "price accepted"]),
        ],
    )
    def test_each_filter_narrows_the_events(self, auditor, events, asked, whats):
        page = auditor.get(reverse("audit-list"), asked)
        assert [event.what for event in page.context["page"]] == whats

    def test_it_leaves_as_a_file_and_that_is_noted(self, auditor, events):
        rows = auditor.get(reverse("audit-list"), {"download": "json", "team": "Search"}).json()
        assert [row["what"] for row in rows] == ["option added"]
        assert AuditEvent.objects.filter(what="audit events downloaded").exists()

    def test_a_manager_sees_none_of_it(self, client):
        client.force_login(make_member(make_team()))
        assert client.get(reverse("audit-list")).status_code == 404


class TestKeptSearches:
    def test_a_search_is_kept_shown_replaced_and_forgotten(self, auditor, records):
        asked = {"page": "records", "name": "Mine", "query": "option=own"}
        assert auditor.post(reverse("search-save"), asked)["Location"].endswith("?option=own")
        auditor.post(reverse("search-save"), {**asked, "query": "option=managed"})
        kept = SavedSearch.objects.get()
        assert kept.query == "option=managed"
        page = auditor.get(reverse("record-list")).content.decode()
        assert 'href="?option=managed"' in page
        answer = auditor.post(reverse("search-forget", args=[kept.pk]))
        assert answer["Location"].endswith("?option=managed")
        assert not SavedSearch.objects.exists()

    @pytest.mark.parametrize(
        "wrong", [{"name": ""}, {"name": "x" * 81}, {"page": "nowhere"}, {"query": ""}]
    )
    def test_without_a_name_nothing_is_kept(self, auditor, wrong):
        asked = {"page": "records", "name": "Mine", "query": "option=own", **wrong}
        assert auditor.post(reverse("search-save"), asked).status_code == 302
        assert not SavedSearch.objects.exists()

    def test_nobody_forgets_what_somebody_else_keeps(self, auditor):
        other = SavedSearch.objects.create(
            person=make_user(), page="records", name="Theirs", query="option=own"
        )
        assert auditor.post(reverse("search-forget", args=[other.pk])).status_code == 404


def test_counting_in_the_database_counts_what_the_list_holds(records):
    for month in (8, 11):
        make_snapshot(make_decision(make_team()), due_on=date(2026, month, 30))
    for year in (2025, 2026):
        for quarter in range(1, 5):
            name = f"{year} Q{quarter}"
            from_on, until_on = quarters.days_of(name)
            span = {"from_on": from_on, "until_on": until_on, "today": date(2026, 11, 1)}
            rows = population.rows(team_ids=None, **span)
            assert population.counted(team_ids=None, **span) == population.count(rows), name
