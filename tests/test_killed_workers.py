"""A worker killed in the middle of a pull or a rendering leaves the whole effect or nothing of it."""

import pytest
from django.utils import timezone

from decisions import audit, records, reviews
from decisions.models import AuditEvent, Record, Snapshot
from jobs import work
from jobs.models import Job
from pricing import pull
from pricing.models import CurrentPrice, Observation, SourceHealth
from tests import pausing
from tests.decisions import stories
from tests.decisions.stories import NOW
from tests.waiting import is_soon, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("point", ["working", "writing"]),
]


@pytest.fixture
def kill_at(start, monkeypatch):
    """Return a function that starts a worker, kills it at a point, and says what was left."""

    def kill(point):
        pausing.reached(point).unlink(missing_ok=True)
        monkeypatch.setenv("PAUSE_AT", point)
        worker = start(include="tests.pausing")
        monkeypatch.delenv("PAUSE_AT")
        wait_until(
            lambda: work.sweep(now=timezone.now()) is not None and pausing.reached(point).exists(),
            seconds=60,
            says=f"the work stands still while {point}",
        )
        worker.kill_everything()

    return kill


def finish(start, job):
    start().wait_until_ready()
    for _ in range(60):
        work.sweep(now=timezone.now())
        if is_soon(lambda: Job.objects.get(pk=job.pk).state == "done", seconds=1):
            return
    pytest.fail(f"not done after a minute: {Job.objects.get(pk=job.pk)}")


def test_a_record_is_rendered_once(start, kill_at, point):
    story = stories.ready()
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="", by=story.approver, at=NOW)
    job = Job.objects.get(kind=records.KIND)

    kill_at(point)
    assert Record.objects.count() == 0
    assert not AuditEvent.objects.filter(what="record rendered").exists()

    finish(start, job)
    assert Record.objects.get().snapshot == Snapshot.objects.get()
    assert AuditEvent.objects.filter(what="record rendered").count() == 1
    assert audit.first_broken() is None


def test_a_pull_is_stored_whole_and_once(start, kill_at, point):
    at = timezone.now()
    job = pull.ask("embedded_gpus", at=at, key="pull_prices:embedded_gpus:test", bundled=True)

    kill_at(point)
    assert Observation.objects.count() == CurrentPrice.objects.count() == 0
    assert not SourceHealth.objects.filter(last_success_at__isnull=False).exists()

    finish(start, job)
    accepted = Job.objects.get(pk=job.pk).result["accepted"]
    assert Observation.objects.filter(status="accepted").count() == accepted > 100
    again = pull.pull("embedded_gpus", at=timezone.now(), bundled=True)
    assert (again.accepted, again.error) == (0, "")
