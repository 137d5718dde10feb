"""An evidence pack holds everything of a period that its reader may see, and nothing else."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import date, datetime

import pytest
from django.utils import timezone

from decisions import packs, population, teams
from decisions.models import AuditEvent, Decision, Pack, Record, Snapshot
from jobs.models import Job
from tests.factories import (
    NOW,
    make_decision,
    make_member,
    make_review,
    make_snapshot,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 10, 1), date(2026, 12, 31)


@pytest.fixture
def auditor():
    return make_user(is_auditor=True)


def made(do_work, *, team=None, by, from_on=FIRST, until_on=LAST):
    """Return the pack as stored, and its files by name."""
    pack = packs.ask(from_on=from_on, until_on=until_on, team=team, by=by, at=timezone.now())
    do_work()
    pack.refresh_from_db()
    with zipfile.ZipFile(io.BytesIO(bytes(pack.zip))) as archive:
        assert archive.testzip() is None
        return pack, {name: archive.read(name) for name in archive.namelist()}


def signed(decision, *, due_on, signed_at, **fields):
    review = make_review(
        decision,
        year=due_on.year,
        quarter=(due_on.month + 2) // 3,
        due_on=due_on,
        state="signed",
        submitted_by_name="Ann",
        submitted_at=signed_at,
        signed_by_name="Bob",
        signed_at=signed_at,
        number=7,
    )
    return make_snapshot(decision, review_id_text=str(review.pk), signed_at=signed_at, **fields)


def store_pdf(snapshot, body=b"%PDF-1.7 made"):
    return Record.objects.create(
        snapshot=snapshot,
        pdf=body,
        pdf_sha256=hashlib.sha256(body).hexdigest(),
        pages=6,
        size_bytes=len(body),
        rendered_at=NOW,
        product_version="0.1.0",
    )


def test_it_holds_each_record_the_population_and_the_trail(do_work, auditor):
    decision = make_decision(name="=cmd()")
    snapshot = signed(decision, due_on=date(2026, 11, 30), signed_at=NOW)
    store_pdf(snapshot)
    pack, files = made(do_work, by=auditor)
    folder = f"records/{snapshot.record_id}"
    assert files[f"{folder}/{snapshot.record_id}.pdf"] == b"%PDF-1.7 made"
    assert hashlib.sha256(files[f"{folder}/record.json"]).hexdigest() == snapshot.sha256
    rows = list(csv.DictReader(io.StringIO(files["population.csv"].decode())))
    assert [row["status"] for row in rows if row["record_id"]] == ["signed"]
    assert {row["decision"] for row in rows} == {"'=cmd()"}
    events = [json.loads(line) for line in files["audit-trail.jsonl"].splitlines()]
    assert "evidence pack asked for" in {event["what"] for event in events}
    assert "sha256sum --check" in files["README.txt"].decode()
    assert pack.sha256 == hashlib.sha256(bytes(pack.zip)).hexdigest()
    assert AuditEvent.objects.filter(
        what="evidence pack made", after__contains=pack.sha256
    ).exists()


def test_the_sums_are_those_of_every_file(do_work, auditor):
    signed(make_decision(), due_on=date(2026, 11, 30), signed_at=NOW)
    _, files = made(do_work, by=auditor)
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert set(sums) == set(files) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(files[name]).hexdigest() == digest


def test_a_record_without_pdf_is_named(do_work, auditor):
    snapshot = signed(make_decision(), due_on=date(2026, 11, 30), signed_at=NOW)
    _, files = made(do_work, by=auditor)
    assert f"No PDF had been made yet of: {snapshot.record_id}." in files["README.txt"].decode()


def test_one_team_has_nothing_of_another(do_work, auditor):
    mine, other = make_decision(name="Mine"), make_decision(name="Other")
    kept = signed(mine, due_on=date(2026, 11, 30), signed_at=NOW)
    signed(other, due_on=date(2026, 11, 30), signed_at=NOW)
    _, files = made(do_work, team=mine.team, by=auditor)
    assert {name.split("/")[1] for name in files if "/" in name} == {kept.record_id}
    assert b"Other" not in b"".join(files.values())
    trail = [json.loads(line) for line in files["audit-trail.jsonl"].splitlines()]
    assert {event["team"] for event in trail} == {mine.team.name}


def test_a_name_that_moved_to_another_team_brings_no_events_along(do_work, auditor):
    manager = make_user()
    settings = {"currency": "EUR", "loaded_cost_per_fte_year": None}
    first = teams.found(name="Blue", **settings, by=manager, at=timezone.now())
    make_decision(first, by=manager, name="Early", at=timezone.now())
    fields = {"name": "Green", **settings}
    teams.change_settings(first, fields=fields, by=manager, at=timezone.now())
    second = teams.found(name="Blue", **settings, by=manager, at=timezone.now())
    make_decision(second, by=manager, name="Late", at=timezone.now())
    _, files = made(do_work, team=first, by=auditor)
    trail = files["audit-trail.jsonl"].decode()
    assert "Early" in trail
    assert "Late" not in trail


def test_a_member_takes_their_own_teams_and_no_trail(do_work):
    decision, other = make_decision(name="Mine"), make_decision(name="Other")
    signed(other, due_on=date(2026, 11, 30), signed_at=NOW)
    pack, files = made(do_work, by=make_member(decision.team, "viewer"))
    assert pack.team_ids == [decision.team_id]
    assert "audit-trail.jsonl" not in files
    assert b"Other" not in b"".join(files.values())
    assert "only auditors and administrators" in files["README.txt"].decode()


def test_records_of_a_team_that_is_gone_are_still_in_it(do_work, auditor):
    decision = make_decision()
    snapshot = signed(decision, due_on=date(2026, 11, 30), signed_at=NOW)
    decision.team.delete()
    _, files = made(do_work, by=auditor)
    assert f"records/{snapshot.record_id}/record.json" in files
    assert snapshot.record_id in files["population.csv"].decode()


def test_it_is_stored_once(do_work, auditor):
    pack, _ = made(do_work, by=auditor)
    Job.objects.filter(key=pack.job_key).update(state="waiting")
    do_work()
    assert bytes(Pack.objects.get().zip) == bytes(pack.zip)


def test_what_is_too_large_is_refused_in_words(do_work, auditor, monkeypatch):
    monkeypatch.setattr(packs, "MOST_BYTES", 10)
    pack = packs.ask(from_on=FIRST, until_on=LAST, team=None, by=auditor, at=timezone.now())
    do_work()
    assert "ask for one team or fewer days" in Job.objects.get(key=pack.job_key).error


class TestPopulation:
    def rows(self, *, today=date(2027, 1, 10), team_ids=None):
        return population.rows(from_on=FIRST, until_on=LAST, team_ids=team_ids, today=today)

    def test_every_state_is_told_apart(self):
        team = make_team()
        days = {"on time": (2026, 11, 19), "last day": (2026, 11, 20), "late": (2026, 11, 10)}
        for name, day in days.items():
            decision = make_decision(team, name=name)
            decision.reviews.all().delete()
            signed(decision, due_on=date(*day), signed_at=datetime(2026, 11, 19, tzinfo=NOW.tzinfo))
        make_decision(team, name="missing")
        archived = make_decision(team, name="archived")
        Decision.objects.filter(pk=archived.pk).update(archived_at=NOW)
        make_decision(team, name="none due").reviews.all().delete()
        found = self.rows()
        assert {row.decision: row.status for row in found} == {
            "on time": population.SIGNED,
            "last day": population.SIGNED,
            "late": population.LATE,
            "missing": population.MISSING,
            "archived": population.ARCHIVED,
            "none due": population.NONE_DUE,
        }
        assert population.count(found) == population.Counts(
            due=4, signed=3, late=1, missing=1, not_yet_due=0
        )

    def test_before_its_day_a_review_is_not_missing(self):
        make_decision()
        assert [row.status for row in self.rows(today=LAST)] == [population.OPEN]

    def test_other_days_and_other_teams_do_not_count(self):
        decision = make_decision()
        assert self.rows(team_ids=[]) == []
        decision.reviews.update(due_on=date(2027, 1, 1))
        assert [row.status for row in self.rows()] == [population.NONE_DUE]

    def test_a_lost_review_is_known_by_its_record(self):
        decision = make_decision()
        snapshot = make_snapshot(decision)
        decision.delete()
        row = self.rows()[0]
        assert (row.record_id, row.status, row.due_on) == (
            snapshot.record_id,
            population.SIGNED,
            "2026-12-31",
        )
        assert Snapshot.objects.count() == 1
