"""Real workers, killed: is all work done, and each piece once?

The profile decides on what: SQLite and a broker in a folder, or PostgreSQL and Redis.
"""

import shutil
import subprocess
import sys
from datetime import timedelta

import psutil
import pytest
from django.utils import timezone

from jobs import heartbeat, work
from jobs.models import Heartbeat, Job
from tests.jobs import kinds
from tests.waiting import is_soon, wait_until
from tests.workers import environment

pytestmark = pytest.mark.django_db(transaction=True)


def ask(key, **payload):
    return work.enqueue("test-note", key=key, at=timezone.now(), payload=payload)


def is_done(*jobs):
    ids = [job.pk for job in jobs]
    return Job.objects.filter(pk__in=ids, state="done").count() == len(ids)


def sweep_until_done(*jobs):
    """Do what the clock does each minute, each second."""
    for _ in range(30):
        work.sweep(now=timezone.now())
        if is_soon(lambda: is_done(*jobs), seconds=1):
            return
    pytest.fail("the work was not done in 30 s")


@pytest.mark.parametrize("stop_at", ["working", "writing"])
def test_work_of_a_killed_worker_is_done_once_after_a_restart(start, stop_at):
    key = f"interrupted while {stop_at}"
    job = ask(key, stop_at=stop_at)
    killed = start()
    wait_until(kinds.signal_file(f"{key}-is-there").exists, says="the work has begun")
    killed.kill_everything()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 1)
    assert kinds.effects(key) == 0

    kinds.signal_file(f"{key}-go-on").touch()
    start().wait_until_ready()
    sweep_until_done(job)
    job.refresh_from_db()
    assert (job.attempts, job.result) == (2, {"attempt": 2})
    assert kinds.effects(key) == 1


def test_work_of_a_killed_child_is_done_once_by_the_same_worker(start):
    job = ask("child", stop_at="working")
    worker = start()
    wait_until(kinds.signal_file("child-is-there").exists, says="the work has begun")
    for child in worker.children():
        child.kill()
    kinds.signal_file("child-go-on").touch()
    sweep_until_done(job)
    assert kinds.effects("child") == 1
    assert worker.process.poll() is None


def test_a_worker_whose_idle_children_and_clock_are_killed_goes_on(start):
    worker = start("--beat", "--scheduler", "config.celery.Scheduler", "--concurrency", "2")
    before = ask("before")
    worker.wait_until_ready()
    sweep_until_done(before)
    for child in worker.children():
        child.kill()
    Heartbeat.objects.all().delete()
    jobs = [ask(f"after {n}") for n in range(5)]
    sweep_until_done(*jobs)
    assert [kinds.effects(job.key) for job in jobs] == [1] * 5
    wait_until(lambda: not heartbeat.silences(now=timezone.now()), says="the clock is back")
    assert worker.process.poll() is None


def test_a_message_sent_three_times_to_two_workers_has_one_effect(start):
    jobs = [ask(f"thrice {n}") for n in range(20)]
    for job in jobs * 2:
        work.wake(job.pk)
    start().wait_until_ready()
    start().wait_until_ready()
    sweep_until_done(*jobs)
    assert [kinds.effects(job.key) for job in jobs] == [1] * 20
    assert set(Job.objects.filter(kind="test-note").values_list("attempts", flat=True)) == {1}


def test_work_survives_a_broker_that_forgot_everything(start, settings):
    jobs = [ask(f"forgotten {n}") for n in range(5)]
    if settings.TEST_PROFILE == "embedded":
        shutil.rmtree(kinds.signal_file("broker"))
    else:
        import redis

        redis.Redis.from_url(settings.CELERY_BROKER_URL).delete(settings.CELERY_TASK_DEFAULT_QUEUE)
    start().wait_until_ready()
    sweep_until_done(*jobs)
    assert [kinds.effects(job.key) for job in jobs] == [1] * 5


def test_asking_for_work_does_not_wait_for_a_broker_that_is_gone():
    # A process of its own: Celery keeps its connection for as long as a process lives.
    wake = "import django; django.setup(); from jobs import work; import time; t = time.monotonic()"
    said = subprocess.run(
        [sys.executable, "-c", f"{wake}; work.wake(1); print(time.monotonic() - t)"],
        env={**environment(), "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert float(said) < 3


def test_the_clock_ticks_at_once_and_leaves_with_its_worker(start):
    job = ask("found by the first sweep")
    Job.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    worker = start("--beat", "--scheduler", "config.celery.Scheduler", "--concurrency", "1")
    wait_until(lambda: is_done(job) and not heartbeat.silences(now=timezone.now()))
    children = worker.children()
    assert len(children) == 2
    worker.process.kill()
    worker.process.wait()
    wait_until(lambda: not any(map(psutil.pid_exists, [c.pid for c in children])))


def test_a_message_cut_short_does_not_stop_the_worker(start, settings):
    if settings.TEST_PROFILE != "embedded":
        pytest.skip("Redis writes whole messages")
    queue = settings.CELERY_TASK_DEFAULT_QUEUE
    broker = kinds.signal_file("broker")
    (broker / "control" / f"{queue}.exchange").write_text("")
    (broker / "queue" / f"0_cut.{queue}.msg").write_text('{"body": "W1')
    worker = start().wait_until_ready()
    job = ask("after the cut one")
    wait_until(lambda: is_done(job))
    assert b"cannot be read: 0_cut" in worker.log.read_bytes()
