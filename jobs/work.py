"""How is background work asked for, claimed, finished and found again after a fault?

The database is the truth and Celery only wakes a worker. A handler does its slow part outside any
transaction and returns a function that writes the effect; that function runs in the one transaction
that marks the job done, and only if the claim is still this worker's own. So a worker killed at any
moment leaves either the whole effect or nothing, and the sweep starts the work again.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from jobs.models import Job

log = logging.getLogger(__name__)

Effect = Callable[[], Mapping[str, Any] | None]
Handler = Callable[["Claim"], Effect]


# Tries double their distance up to this: what comes back is found within the hour.
LONGEST_WAIT = timedelta(hours=1)


class TryAgain(Exception):
    """The work did not succeed this time; its text is what a person should read."""


class GiveUp(Exception):
    """The work cannot succeed by trying again; its text is what a person should read."""


class Later(Exception):
    """What the work needs is not there now; its text says what it waits for.

    It is tried again after `after`, as often as it takes.
    """

    def __init__(self, waits_for: str, *, after: timedelta) -> None:
        super().__init__(waits_for)
        self.after = after


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's hold on a job: only the claim with the newest attempt may write."""

    job: Job
    attempt: int
    lease: timedelta

    def report(self, *, percent: int, says: str) -> None:
        """Show progress to people and keep the hold for another lease."""
        self._mine().update(
            progress_percent=percent, progress_says=says, lease_until=timezone.now() + self.lease
        )

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, attempts=self.attempt)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one kind of work is done: its handler, its lease and its number of tries."""

    name: str
    handler: Handler
    lease: timedelta
    max_attempts: int


_kinds: dict[str, Kind] = {}


def kind(
    name: str, *, lease: timedelta = timedelta(minutes=2), max_attempts: int = 5
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the way to do work of the kind `name`."""

    def register(handler: Handler) -> Handler:
        _kinds[name] = Kind(name=name, handler=handler, lease=lease, max_attempts=max_attempts)
        return handler

    return register


_after: dict[str, list[Callable[[], object]]] = {}


def after(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Call the decorated function soon after work of the kind `name` is done.

    It only saves a wait: the clock has to ask for the same, and an error here is only logged.
    """

    def register(act: Callable[[], None]) -> Callable[[], None]:
        _after.setdefault(name, []).append(act)
        return act

    return register


def enqueue(
    kind: str,
    *,
    key: str,
    at: datetime,
    title: str = "",
    payload: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    by: str = "",
    wakes: bool = True,
) -> Job:
    """Ask for work, once per key, in the caller's transaction; wake a worker after it commits.

    Without `wakes` the caller performs it at once.
    """
    job, created = Job.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "title": title,
            "payload": dict(payload or {}),
            "due_at": due_at or at,
            "asked_at": at,
            "asked_by": by,
            "max_attempts": _kinds[kind].max_attempts,
        },
    )
    if created and wakes:
        transaction.on_commit(lambda: wake(job.pk))
    return job


def wake(job_id: int) -> None:
    """Tell a worker of a job. A broker that is gone is no error: the sweep finds the job later."""
    from jobs.tasks import run

    try:
        run.apply_async(args=(job_id,), retry=False)
    except Exception as error:  # noqa: BLE001 - every broker fails in its own way
        log.warning("no broker to wake job %s: %s", job_id, error)


def _to_do(now: datetime) -> Q:
    waiting = Q(state=Job.State.WAITING, due_at__lte=now)
    interrupted = Q(state=Job.State.RUNNING, lease_until__lt=now)
    return waiting | interrupted


def sweep(*, now: datetime, at_most: int = 500) -> int:
    """Wake every job that is due and held by nobody; return how many."""
    due = Job.objects.filter(_to_do(now)).order_by("due_at").values_list("pk", flat=True)
    for job_id in (found := list(due[:at_most])):
        wake(job_id)
    return len(found)


def claim(job_id: int, *, now: datetime) -> Claim | None:
    """Take a job that is due; None when another worker holds it or there is nothing to do.

    A job whose worker died on its last try is marked failed here, since nobody else was left to.
    """
    due = Job.objects.filter(_to_do(now), pk=job_id)
    died = "The worker died each time it worked on this; see its log."
    due.filter(attempts__gte=F("max_attempts")).update(
        state=Job.State.FAILED, error=died, finished_at=now, lease_until=None
    )
    known = Job.objects.filter(pk=job_id).first()
    if known is None or known.kind not in _kinds:
        return None
    lease = _kinds[known.kind].lease
    taken = due.filter(attempts=known.attempts).update(
        state=Job.State.RUNNING, attempts=F("attempts") + 1, lease_until=now + lease, error=""
    )
    if not taken:
        return None
    known.refresh_from_db()
    return Claim(job=known, attempt=known.attempts, lease=lease)


def perform(job_id: int) -> bool:
    """Claim the job, do it, and write its effect; return whether this call finished it."""
    held = claim(job_id, now=timezone.now())
    if held is None:
        return False
    try:
        effect = _kinds[held.job.kind].handler(held)
        done = finish(held, effect=effect)
    except Later as wait:
        _put_back(held, waits_for=str(wait), after=wait.after)
    except GiveUp as reason:
        _fail(held, error=str(reason), final=True)
    except TryAgain as reason:
        _fail(held, error=str(reason), final=False)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is kept for the reader
        log.error("job %s failed:\n%s", held.job.key, traceback.format_exc())
        _fail(held, error=f"{type(error).__name__}: {error}", final=False)
    else:
        if done:
            _call_after(held.job.kind)
        return done
    return False


def _call_after(kind: str) -> None:
    for act in _after.get(kind, []):
        try:
            act()
        except Exception:
            log.exception("after %s", kind)


def finish(held: Claim, *, effect: Effect) -> bool:
    """Mark the job done and write its effect in one transaction; False when the hold was lost."""
    with transaction.atomic():
        won = held._mine().update(
            state=Job.State.DONE,
            progress_percent=100,
            finished_at=timezone.now(),
            lease_until=None,
            error="",
        )
        if won:
            result = effect()
            Job.objects.filter(pk=held.job.pk).update(
                result=None if result is None else dict(result)
            )
    return bool(won)


def _fail(held: Claim, *, error: str, final: bool) -> None:
    now = timezone.now()
    # Errors quote what others sent, and PostgreSQL stores no NUL.
    error = error.replace("\x00", "␀")
    if final or held.attempt >= held.job.max_attempts:
        held._mine().update(state=Job.State.FAILED, error=error, finished_at=now, lease_until=None)
        return
    wait = min(timedelta(seconds=15 * 2 ** min(held.attempt - 1, 12)), LONGEST_WAIT)
    held._mine().update(state=Job.State.WAITING, error=error, due_at=now + wait, lease_until=None)


def _put_back(held: Claim, *, waits_for: str, after: timedelta) -> None:
    # Each claim counts an attempt, so this one is given back by allowing one more.
    held._mine().update(
        state=Job.State.WAITING,
        error=waits_for.replace("\x00", "␀"),
        due_at=timezone.now() + after,
        lease_until=None,
        max_attempts=F("max_attempts") + 1,
    )


def retry(job_id: int, *, at: datetime) -> bool:
    """Put a failed job back to waiting with all its tries; False when it was not failed."""
    again = Job.objects.filter(pk=job_id, state=Job.State.FAILED).update(
        state=Job.State.WAITING, attempts=0, due_at=at, finished_at=None, progress_percent=0
    )
    if again:
        transaction.on_commit(lambda: wake(job_id))
    return bool(again)


def hurry(job_id: int, *, at: datetime) -> bool:
    """Let a waiting job begin now instead of later; False when it is not waiting."""
    waiting = Job.objects.filter(pk=job_id, state=Job.State.WAITING).update(due_at=at)
    if waiting:
        transaction.on_commit(lambda: wake(job_id))
    return bool(waiting)
