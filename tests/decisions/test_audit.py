"""The audit trail cannot be changed unseen."""

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from decisions import audit
from decisions.models import AuditEvent, Snapshot
from pricing import triggers
from tests.decisions import stories
from tests.decisions.stories import NOW

pytestmark = pytest.mark.django_db


def write(count):
    with transaction.atomic():
        return [
            audit.write("tested", by="system:test", at=NOW, subject=f"thing {n}", after={"n": n})
            for n in range(count)
        ]


def test_a_chain_holds_from_first_to_last():
    write(5)
    assert audit.first_broken() is None
    assert audit.head() == (5, AuditEvent.objects.get(position=5).sha256)


def test_an_event_needs_the_transaction_of_its_change(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        audit.write("tested", by="system:test", at=NOW, subject="thing")


ATTACKS = {
    "save": lambda e: AuditEvent.objects.filter(pk=e.pk).update(actor="nobody"),
    "delete": lambda e: e.delete(),
    "bulk delete": lambda e: AuditEvent.objects.all().delete(),
    "raw update": lambda e: raw("UPDATE decisions_auditevent SET what = 'x'"),
    "raw delete": lambda e: raw("DELETE FROM decisions_auditevent"),
}


def raw(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_refuses_to_change_an_event(attack):
    event = write(2)[0]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ATTACKS[attack](event)
    assert audit.first_broken() is None
    assert AuditEvent.objects.count() == 2


def test_without_the_trigger_an_edit_is_found():
    write(6)
    triggers.unprotect(connection, "decisions_auditevent")
    AuditEvent.objects.filter(position=5).update(actor="nobody")
    assert audit.first_broken() == "event 5 was changed after it was written"


def test_without_the_trigger_a_deletion_is_found():
    write(6)
    triggers.unprotect(connection, "decisions_auditevent")
    AuditEvent.objects.filter(position=3).delete()
    assert audit.first_broken() == "event 3 is missing (the next one found is 4)"


def test_a_signed_snapshot_cannot_be_changed_but_outlives_people_and_team():
    story = stories.ready()
    review = story.review
    from decisions import reviews

    reviews.submit(review, note="", by=story.manager, at=NOW)
    reviews.sign_off(review, note="", by=story.approver, at=NOW)
    for statement in (
        "UPDATE decisions_snapshot SET record_json = '{}'",
        "UPDATE decisions_snapshot SET is_demo = (1=1)",
        "DELETE FROM decisions_snapshot",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            raw(statement)
    before = AuditEvent.objects.count()
    story.manager.delete()
    story.team.delete()
    kept = Snapshot.objects.get()
    assert kept.prepared_by == "manager <manager@example.org>"
    assert AuditEvent.objects.count() == before


def outside(file, repository):
    """Run exactly the lines of the documentation on an exported file."""
    code = (repository / "docs" / "records.md").read_text().split("```python\n")[1].split("```")[0]
    return subprocess.run(
        [sys.executable, "-I", "-c", code, str(file)], capture_output=True, text=True, check=False
    )


def test_the_export_is_checked_outside_by_the_lines_of_the_documentation(tmp_path, repository):
    write(3)
    with transaction.atomic():
        audit.write("“ü\n\u2028", by="日本", at=NOW, subject='"\\', after={"b": 1.5, "a": None})
    file = tmp_path / "audit.jsonl"
    call_command("export_audit", str(file))
    run = outside(file, repository)
    assert (run.returncode, run.stdout) == (
        0,
        f"4 events, unbroken. Head: {audit.head()[1]}\n",
    ), run.stderr
    whole = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for changed, first in (
        ([whole[0], whole[1].replace("thing 1", "thing 7"), *whole[2:]], 2),
        ([whole[0], *whole[2:]], 2),
        ([whole[1], whole[0], *whole[2:]], 1),
    ):
        file.write_text("".join(changed), encoding="utf-8")
        assert outside(file, repository).stderr == f"event {first} does not fit\n"
    with pytest.raises(CommandError, match="exists"):
        call_command("export_audit", str(file))


def test_the_command_names_the_first_broken_event():
    write(6)
    triggers.unprotect(connection, "decisions_auditevent")
    AuditEvent.objects.filter(position=4).update(after='{"n":9}')
    with pytest.raises(CommandError, match="event 4 was changed"):
        call_command("verify_audit")
