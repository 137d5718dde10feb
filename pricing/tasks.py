"""What does the clock ask of the price book?"""

import zlib
from datetime import UTC, datetime, timedelta

from celery import shared_task
from django.utils import timezone

from jobs.models import Job
from pricing import pull, sources
from pricing.models import SourceHealth

DAY = timedelta(days=1)
# After a failure: often enough to be back soon, seldom enough to be polite.
AFTER_FAILURE = timedelta(hours=3)
# A source that has not answered for days is asked less often: each failure is a line in the list of work.
AFTER_LONG_FAILURE = timedelta(hours=12)
LONG = timedelta(days=2)
MOST_JITTER = timedelta(hours=2)


@shared_task
def schedule_pulls() -> None:
    """Ask for a pull of every source that is due."""
    ask_for_due(at=timezone.now())


def ask_for_due(*, at: datetime) -> list[Job]:
    """Ask for the pulls that are due at a moment. Asking again in the same hour asks for nothing.

    Each source is a job of its own, so that one that fails delays no other.
    """
    health = {h.source: h for h in SourceHealth.objects.all()}
    hour = at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    return [
        pull.ask(source.name, at=at, key=f"{pull.KIND}:{source.name}:{hour}")
        for source in sources.scheduled()
        if _is_due(health.get(source.name), source.name, at)
    ]


def _is_due(health: SourceHealth | None, name: str, at: datetime) -> bool:
    if health is None or health.last_check_at is None:
        return True
    if health.must_reread and not health.error:
        return True
    return at - health.last_check_at >= _wait(health, name, at)


def _wait(health: SourceHealth, name: str, at: datetime) -> timedelta:
    if not health.error:
        return DAY + jitter(name)
    answered = health.last_success_at is not None and at - health.last_success_at < LONG
    return AFTER_FAILURE if answered else AFTER_LONG_FAILURE


def jitter(name: str) -> timedelta:
    """Return a source's own share of the day's spread, always the same: no two ask at once."""
    return MOST_JITTER * (zlib.crc32(name.encode()) % 1000) / 1000
