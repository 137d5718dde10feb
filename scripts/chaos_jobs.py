"""Is background work lost or done twice when workers, clocks, brokers and databases are killed?

A part of chaos.py. Three workers and three clocks, each message sent three times. Behind
own_servers.py the database and the broker are killed too.
"""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import own_servers
from django.conf import settings
from django.db import Error, close_old_connections, connection, transaction
from django.utils import timezone

from jobs import work
from jobs.models import Job
from pricing import sources
from tests.jobs import kinds
from tests.workers import Worker

JOBS_PER_KILL = 40
KILLS_PER_WIPE = 5
WORKERS, CLOCKS = 3, 3
ASKED_SECONDS = 60.0
GIVE_UP_AFTER_SECONDS = 300.0


class Scene:
    """The processes that are killed, and how they are started again."""

    def __init__(self, folder: Path, pick: random.Random) -> None:
        self.folder, self.pick, self.started = folder, pick, 0
        self.workers = [self._worker() for _ in range(WORKERS)]
        self.clocks = [self._clock() for _ in range(CLOCKS)]

    def _start(self, *options: str, **how: str) -> Worker:
        self.started += 1
        return Worker(self.folder / f"{self.started}.log", *options, **how)

    def _worker(self) -> Worker:
        return self._start("--concurrency", "2")

    def _clock(self) -> Worker:
        return self._start("--scheduler", "config.celery.Scheduler", command="beat")

    def kill_worker(self) -> None:
        """End a worker and its children at once, and start another."""
        number = self.pick.randrange(WORKERS)
        self.workers[number].kill_everything()
        self.workers[number] = self._worker()

    def kill_child(self) -> None:
        """End one child; its worker replaces it."""
        children = self.pick.choice(self.workers).children()
        if children:
            self.pick.choice(children).kill()

    def kill_clock(self) -> None:
        """End a clock, and start another, which asks at once what is due."""
        number = self.pick.randrange(CLOCKS)
        self.clocks[number].kill_everything()
        self.clocks[number] = self._clock()

    def wipe(self) -> None:
        """Take every message away that waits in the queue."""
        queue = settings.CELERY_TASK_DEFAULT_QUEUE
        if settings.CELERY_BROKER_URL.startswith("filesystem"):
            for message in (Path(settings.VAR_DIR) / "broker" / "queue").glob("*.msg"):
                message.unlink(missing_ok=True)
        else:
            import redis

            redis.Redis.from_url(settings.CELERY_BROKER_URL).delete(queue)

    def end(self) -> None:
        """End everything that runs."""
        for each in [*self.workers, *self.clocks]:
            if each.process.poll() is None:
                each.kill_everything()


class Asking:
    """What is asked for, and how often the database did not take it."""

    def __init__(self, jobs: int, pick: random.Random) -> None:
        self.jobs, self.pick, self.asked, self.refused = jobs, pick, 0, 0

    def until(self, number: int) -> None:
        """Ask for pieces of work until there are `number`, each message sent three times."""
        while self.asked < min(number, self.jobs):
            try:
                with transaction.atomic():
                    job = work.enqueue(
                        "test-slow",
                        key=f"chaos {self.asked}",
                        at=timezone.now(),
                        payload={"milliseconds": self.pick.randrange(40)},
                    )
            except Error:
                connection.close()
                self.refused += 1
                time.sleep(0.1)
                continue
            work.wake(job.pk)
            work.wake(job.pk)
            self.asked += 1


def _faults(kills: int, scene: Scene, pick: random.Random) -> list[Callable[[], None]]:
    killing = [scene.kill_worker, scene.kill_child, scene.kill_clock]
    found = [pick.choices(killing, weights=[3, 4, 2])[0] for _ in range(kills)]
    found += [scene.wipe] * -(-kills // KILLS_PER_WIPE)
    if own_servers.FOLDER in os.environ:
        found += [own_servers.kill_postgresql, own_servers.kill_redis] * max(1, kills // 15)
    pick.shuffle(found)
    return found


def _done() -> int:
    while True:
        try:
            return Job.objects.filter(kind="test-slow", state=Job.State.DONE).count()
        except Error:
            connection.close()
            time.sleep(0.1)


def _resumes_after(asking: Asking) -> float:
    """Return how long it takes until work is finished again, while more is asked for."""
    close_old_connections()
    begun, before = time.monotonic(), _done()
    while _done() == before and time.monotonic() - begun < ASKED_SECONDS:
        asking.until(asking.asked + 1)
        time.sleep(0.1)
    return time.monotonic() - begun


def jobs_part(*, kills: int, seed: int) -> bool:
    """Ask for work while faults happen; then each piece is done, once, within a minute."""
    pick = random.Random(seed)  # noqa: S311 - a seed that can be repeated
    os.environ["PRICE_SOURCES_OFF"] = ",".join(sources.found())
    asking = Asking(kills * JOBS_PER_KILL, pick)
    jobs = asking.jobs
    happened: Counter[str] = Counter()
    resumed = [0.0]
    with tempfile.TemporaryDirectory(prefix="breakeven-chaos-") as folder:
        scene = Scene(Path(folder), pick)
        try:
            faults = _faults(kills, scene, pick)
            for number, fault in enumerate(faults, start=1):
                asking.until(jobs * 9 // 10 * number // len(faults))
                fault()
                happened[fault.__name__] += 1
                if fault in (own_servers.kill_postgresql, own_servers.kill_redis):
                    resumed.append(_resumes_after(asking))
                time.sleep(pick.uniform(0, 1.5))
            asking.until(jobs)
            seconds = _wait_for(jobs)
        finally:
            scene.end()
    print(f"faults: {sum(happened.values())} {dict(happened)}")
    if len(resumed) > 1:
        print(f"work resumed after a killed server within {max(resumed):.1f} s at most (asked: 15)")
    return _counted(jobs, seconds=seconds, refused=asking.refused) and max(resumed) <= 15


def _wait_for(jobs: int) -> float:
    """Return the seconds until all work is done, or give up."""
    begun = time.monotonic()
    while _done() < jobs and time.monotonic() - begun < GIVE_UP_AFTER_SECONDS:
        time.sleep(0.2)
    return time.monotonic() - begun


def _counted(jobs: int, *, seconds: float, refused: int) -> bool:
    effects = Counter(Job.objects.filter(kind="effect").values_list("title", flat=True))
    ours = Job.objects.filter(kind="test-slow")
    lost = jobs - len(effects)
    twice = sum(times - 1 for times in effects.values())
    tries = Counter(ours.values_list("attempts", flat=True))
    print(
        f"jobs: {jobs} (refused by a database that was away, and asked again: {refused}); ", end=""
    )
    print(f"lost: {lost}; effects twice: {twice}; not done: {ours.exclude(state='done').count()}")
    print(
        f"tries: {dict(sorted(tries.items()))}; all done {seconds:.1f} s after the last fault",
        end="",
    )
    print(f" (asked: {ASKED_SECONDS:.0f}; a lease here lasts {kinds.LEASE.seconds} s)")
    return not lost and not twice and ours.count() == jobs and seconds <= ASKED_SECONDS
