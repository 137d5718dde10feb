import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from jobs import heartbeat, work
from jobs.models import Heartbeat, Job
from tests.jobs import kinds


def ask(kind="test-note", **changes):
    return work.enqueue(
        kind, **{"key": "the work", "at": timezone.now() - timedelta(minutes=10), **changes}
    )


@pytest.fixture
def woken(monkeypatch) -> list[int]:
    """The ids that a worker was told of."""
    told: list[int] = []
    monkeypatch.setattr(work, "wake", told.append)
    return told


def test_asking_twice_for_the_same_key_is_asking_once(db, woken):
    assert ask() == ask()
    assert Job.objects.count() == 1


def test_a_worker_is_woken_after_the_commit_and_only_then(
    db, woken, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = ask()
        assert woken == []
    assert woken == [job.pk]


def test_work_is_gone_with_the_change_that_asked_for_it(transactional_db, woken):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask()
        raise ZeroDivisionError
    assert not Job.objects.exists()
    assert woken == []


def test_done_work_has_its_effect_and_its_result(db):
    job = ask()
    assert work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress_percent, job.result) == ("done", 100, {"attempt": 1})
    assert job.finished_at
    assert kinds.effects("the work") == 1


def test_done_work_is_not_done_again(db):
    job = ask()
    assert [work.perform(job.pk) for _ in range(3)] == [True, False, False]
    assert kinds.effects("the work") == 1


def test_work_is_not_begun_before_it_is_due(db):
    now = timezone.now()
    job = ask(due_at=now + timedelta(hours=1))
    assert work.claim(job.pk, now=now) is None
    assert work.claim(job.pk, now=now + timedelta(hours=1)) is not None


def test_held_work_is_not_claimed_until_its_lease_ends(db):
    now = timezone.now()
    job = ask()
    assert work.claim(job.pk, now=now)
    assert work.claim(job.pk, now=now + kinds.LEASE) is None
    assert work.claim(job.pk, now=now + kinds.LEASE * 1.01)


def test_a_lost_hold_writes_nothing(db):
    now = timezone.now()
    job = ask()
    slow = work.claim(job.pk, now=now)
    quick = work.claim(job.pk, now=now + timedelta(minutes=5))
    assert slow and quick
    assert not work.finish(slow, effect=lambda: kinds.write_effect(slow))
    slow.report(percent=99, says="still here")
    work._fail(slow, error="too late", final=True)
    job.refresh_from_db()
    assert (job.state, job.progress_percent, job.error) == ("running", 0, "")
    assert kinds.effects("the work") == 0
    assert work.finish(quick, effect=lambda: kinds.write_effect(quick))
    assert kinds.effects("the work") == 1


def test_progress_is_shown_and_keeps_the_hold(db):
    job = ask()
    held = work.claim(job.pk, now=timezone.now() - kinds.LEASE / 2)
    assert held
    held.report(percent=40, says="4 of 10 pages")
    before = job.lease_until
    job.refresh_from_db()
    assert (job.progress_percent, job.progress_says) == (40, "4 of 10 pages")
    assert job.lease_until and job.lease_until > timezone.now() + kinds.LEASE / 2
    assert before is None


def test_an_error_waits_and_tries_again_until_its_tries_are_used_up(db):
    job = ask("test-error")
    asked = timezone.now()
    assert not work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("waiting", "ConnectionError: the other side hung up after ␀")
    assert timedelta(seconds=14) < job.due_at - asked < timedelta(seconds=17)
    Job.objects.update(due_at=asked)
    work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 2)
    assert job.finished_at


def test_hopeless_work_fails_at_once_with_the_reason_alone(db):
    job = ask("test-hopeless")
    work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == ("failed", "There is no such model.", 1)


def test_an_effect_that_breaks_leaves_nothing_of_itself(db):
    job = ask("test-bad-effect")
    work.perform(job.pk)
    job.refresh_from_db()
    assert job.state == "waiting"
    assert kinds.effects("the work") == 0


def test_a_job_that_kills_its_workers_ends_as_failed(db):
    now = timezone.now()
    job = ask()
    for _ in range(3):
        assert work.claim(job.pk, now=now)
        now += timedelta(minutes=5)
    assert work.claim(job.pk, now=now) is None
    job.refresh_from_db()
    assert job.state == "failed"
    assert "died each time" in job.error


def test_failed_work_can_be_tried_again_by_a_person(db, woken, django_capture_on_commit_callbacks):
    job = ask("test-hopeless")
    work.perform(job.pk)
    with django_capture_on_commit_callbacks(execute=True):
        assert work.retry(job.pk, at=timezone.now())
    assert woken == [job.pk]
    job.refresh_from_db()
    assert (job.state, job.attempts, job.finished_at) == ("waiting", 0, None)
    assert not work.retry(job.pk, at=timezone.now())


def test_the_sweep_wakes_what_is_due_or_was_interrupted_and_nothing_else(db, woken):
    now = timezone.now()
    waiting = ask(key="waiting")
    ask(key="later", due_at=now + timedelta(hours=1))
    held = ask(key="held")
    work.claim(held.pk, now=now + timedelta(hours=1))
    interrupted = ask(key="interrupted")
    work.claim(interrupted.pk, now=now - timedelta(minutes=5))
    # It looks interrupted, but it is done.
    work.perform(ask(key="done").pk)
    moment = timezone.now() + timedelta(seconds=1)
    assert work.sweep(now=moment) == 2
    assert set(woken) == {waiting.pk, interrupted.pk}


def test_the_sweep_sends_a_bounded_number_the_longest_due_first(db, woken):
    now = timezone.now()
    jobs = [ask(key=str(n), due_at=now - timedelta(minutes=n)) for n in range(5)]
    work.sweep(now=now, at_most=2)
    assert woken == [jobs[4].pk, jobs[3].pk]


def test_work_of_an_unknown_kind_waits_for_a_newer_worker(db):
    job = ask()
    Job.objects.update(kind="from the next release")
    assert not work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("waiting", 0)


def test_of_many_workers_exactly_one_gets_the_job(transactional_db, woken):
    job = ask()
    ready = threading.Barrier(8)
    claims = []

    def take():
        ready.wait()
        try:
            claims.append(work.claim(job.pk, now=timezone.now()))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 8
    assert sum(claim is not None for claim in claims) == 1


@pytest.mark.parametrize(
    "impossible", [{"state": "running", "lease_until": None}, {"progress_percent": 101}]
)
def test_the_database_refuses_impossible_jobs(db, impossible):
    ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.update(**impossible)


def test_a_silent_scheduler_and_a_silent_worker_are_named(db, settings):
    now = timezone.now()
    assert [s.name for s in heartbeat.silences(now=now)] == ["scheduler"]
    heartbeat.beat("scheduler")
    assert [(s.name, s.since) for s in heartbeat.silences(now=now)] == [("worker", None)]
    heartbeat.beat("worker")
    assert heartbeat.silences(now=now) == []
    late = now + timedelta(seconds=settings.HEARTBEAT_LATE_AFTER_SECONDS + 5)
    assert [s.name for s in heartbeat.silences(now=late)] == ["scheduler"]
    Heartbeat.objects.filter(name="scheduler").update(at=late)
    assert [s.name for s in heartbeat.silences(now=late)] == ["worker"]
