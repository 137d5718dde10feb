"""Are the worker and the scheduler alive?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from jobs.models import Heartbeat

# The scheduler signs when it sends, the worker when it has worked on what was sent.
PROCESSES = ("scheduler", "worker")


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A process that has not shown a sign of life in time. `since` is None when it never did."""

    name: str
    since: datetime | None


def beat(name: str) -> None:
    """Note that the process `name` is alive now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def silences(*, now: datetime) -> list[Silence]:
    """Return the processes without a sign of life in the last HEARTBEAT_LATE_AFTER_SECONDS.

    A silent scheduler explains a silent worker (nothing was sent), so then only it is named.
    """
    seen = dict(Heartbeat.objects.values_list("name", "at"))
    limit = now - timedelta(seconds=settings.HEARTBEAT_LATE_AFTER_SECONDS)
    late = [Silence(name=n, since=seen.get(n)) for n in PROCESSES if not seen.get(n, limit) > limit]
    return late[:1]
