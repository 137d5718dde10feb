"""Kinds of work that only tests ask for. A worker that a test starts is told to import this.

Each effect is a row of its own, so that an effect written twice is two rows. Files in VAR_DIR say
how far the work is and let it go on, so that a test can kill it at a known point.
"""

import threading
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobs import work
from jobs.models import Job

# A worker that is killed shall be missed soon.
LEASE = timedelta(seconds=2)


def effects(key: str) -> int:
    """Return how often the effect of the job `key` was written."""
    return Job.objects.filter(kind="effect", title=key).count()


def write_effect(claim: work.Claim) -> Mapping[str, Any]:
    now = timezone.now()
    Job.objects.create(
        kind="effect",
        key=str(uuid.uuid4()),
        title=claim.job.key,
        state=Job.State.DONE,
        due_at=now,
        asked_at=now,
    )
    return {"attempt": claim.attempt}


def signal_file(name: str) -> Path:
    return Path(settings.VAR_DIR) / name


def stand_still(claim: work.Claim, point: str) -> None:
    """Say that the work has come to `point`, and stay there until the test lets it go on."""
    if claim.job.payload.get("stop_at") != point:
        return
    signal_file(f"{claim.job.key}-is-there").touch()
    pause = threading.Event()
    for _ in range(1200):
        if signal_file(f"{claim.job.key}-go-on").exists():
            return
        pause.wait(0.05)


@work.kind("test-note", lease=LEASE, max_attempts=3)
def note(claim: work.Claim) -> work.Effect:
    stand_still(claim, "working")

    def effect() -> Mapping[str, Any]:
        result = write_effect(claim)
        stand_still(claim, "writing")
        return result

    return effect


@work.kind("test-slow", lease=LEASE, max_attempts=20)
def slow(claim: work.Claim) -> work.Effect:
    """Work, and write its effect, for as long as the payload says, so that kills hit both."""
    seconds = claim.job.payload["milliseconds"] / 1000
    threading.Event().wait(seconds)

    def effect() -> Mapping[str, Any]:
        result = write_effect(claim)
        threading.Event().wait(seconds / 4)
        return result

    return effect


@work.kind("test-error", lease=LEASE, max_attempts=2)
def error(claim: work.Claim) -> work.Effect:
    raise ConnectionError("the other side hung up after \x00")


@work.kind("test-hopeless", lease=LEASE)
def hopeless(claim: work.Claim) -> work.Effect:
    raise work.GiveUp("There is no such model.")


@work.kind("test-bad-effect", lease=LEASE, max_attempts=2)
def bad_effect(claim: work.Claim) -> work.Effect:
    def effect() -> None:
        write_effect(claim)
        raise ValueError("half-way through writing")

    return effect
