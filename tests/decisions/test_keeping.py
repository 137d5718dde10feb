"""A record stays until its day, longer under a legal hold, and leaves its digests behind."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from decisions import audit, keeping
from decisions.models import AuditEvent, LegalHold, Record, Snapshot, Team
from tests.factories import make_decision, make_member, make_snapshot, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return make_user(is_administrator=True)


def signed(*, kept_for_days, **more):
    """A record with its PDF, to be kept for so many days from now."""
    until = timezone.now().astimezone(UTC).date() + timedelta(days=kept_for_days)
    snapshot = make_snapshot(make_decision(make_team()), retain_until=until, **more)
    Record.objects.create(
        snapshot=snapshot,
        pdf=b"%PDF",
        pdf_sha256="5" * 64,
        pages=1,
        size_bytes=4,
        rendered_at=timezone.now(),
        product_version="0.1.0",
    )
    return snapshot


def refused(delete):
    try:
        with transaction.atomic():
            delete()
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    ("signed_on", "until"),
    [
        (datetime(2026, 11, 24, 12, tzinfo=UTC), date(2036, 11, 24)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), date(2038, 3, 1)),
    ],
)
def test_ten_years_by_default(signed_on, until):
    assert keeping.retain_until(signed_on) == until


def test_the_years_are_a_setting(settings):
    settings.RECORD_RETENTION_YEARS = 4
    at = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert keeping.retain_until(at) == date(2032, 2, 29)


@pytest.mark.parametrize("days", [0, 1, 3650])
def test_the_database_refuses_to_delete_before_the_day_is_over(days):
    snapshot = signed(kept_for_days=days)
    assert refused(Record.objects.filter(snapshot=snapshot).delete)
    assert refused(Snapshot.objects.filter(pk=snapshot.pk).delete)
    call_command("delete_expired_records")
    assert Record.objects.filter(snapshot=snapshot).exists()


def test_afterwards_it_leaves_and_its_digests_stay(capsys):
    snapshot = signed(kept_for_days=-1)
    stays = signed(kept_for_days=1)
    call_command("delete_expired_records", "--dry-run")
    assert snapshot.record_id in capsys.readouterr().out
    assert Snapshot.objects.count() == 2

    call_command("delete_expired_records")
    assert list(Snapshot.objects.values_list("record_id", flat=True)) == [stays.record_id]
    event = AuditEvent.objects.get(what="record deleted after its time")
    assert snapshot.sha256 in event.before and "5" * 64 in event.before
    assert audit.first_broken() is None


def test_a_hold_keeps_it_until_it_is_lifted(administrator):
    snapshot = signed(kept_for_days=-1)
    keeping.hold(snapshot, because="Case 7", by=administrator, at=timezone.now())
    call_command("delete_expired_records")
    assert refused(Record.objects.filter(snapshot=snapshot).delete)
    with pytest.raises(keeping.Refused):
        keeping.hold(snapshot, because="again", by=administrator, at=timezone.now())

    keeping.lift(snapshot, because="Closed", by=administrator, at=timezone.now())
    with pytest.raises(keeping.Refused):
        keeping.lift(snapshot, because="again", by=administrator, at=timezone.now())
    call_command("delete_expired_records")
    assert not Snapshot.objects.exists()
    said = list(AuditEvent.objects.values_list("what", flat=True))
    assert "legal hold set" in said and "legal hold lifted" in said


def test_a_record_without_a_date_is_kept():
    make_snapshot(make_decision(make_team()))
    call_command("delete_expired_records")
    assert refused(Snapshot.objects.all().delete)


def test_deleting_team_and_people_loses_no_record_and_no_event(administrator):
    snapshot = signed(kept_for_days=1)
    with transaction.atomic():
        audit.write("something", by=administrator, at=timezone.now(), subject=snapshot)
    name = administrator.get_full_name()
    Team.objects.all().delete()
    administrator.delete()
    assert Record.objects.get().snapshot.approved_by == snapshot.approved_by
    assert AuditEvent.objects.get(what="something").actor == name


class TestPage:
    def test_an_administrator_sets_and_lifts_it(self, client, administrator):
        client.force_login(administrator)
        snapshot = signed(kept_for_days=1)
        page = reverse("record-hold", args=[snapshot.record_id])
        assert client.post(page, {"because": ""}).status_code == 422
        client.post(page, {"because": "Case 7"})
        shown = client.get(reverse("record-detail", args=[snapshot.record_id])).content.decode()
        assert "legal hold" in shown and "Case 7" in shown
        client.post(page, {"because": "Closed", "lift": "1"})
        assert LegalHold.objects.get().lifted_because == "Closed"
        assert "Closed" in client.get(page).content.decode()

    def test_nobody_else_may(self, client):
        snapshot = signed(kept_for_days=1)
        for user in (make_member(make_team()), make_user(is_auditor=True)):
            client.force_login(user)
            page = reverse("record-hold", args=[snapshot.record_id])
            assert client.post(page, {"because": "Case 7"}).status_code == 404
