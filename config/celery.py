"""When does what happen? The whole timetable, on one page.

Nothing here is a calendar date. Each entry asks the database what is due and has not been done, so
a missed tick, a doubled one or a scheduler that was down for a week changes nothing but the delay.
"""

import gc
import os
from datetime import timedelta
from typing import Any

import celery.beat
from celery import Celery, signals
from kombu.transport import TRANSPORT_ALIASES

from jobs.supervision import StartAnew

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TRANSPORT_ALIASES["filesystem"] = "jobs.broker:Transport"
app = Celery("breakeven")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(StartAnew)
app.autodiscover_tasks(["jobs", "pricing", "decisions"])


@signals.worker_init.connect
def share_memory(**_: Any) -> None:
    """Let the worker's children go on sharing its memory: the collector would touch every object.

    Celery's own signal before a fork is sent only where the broker has an event loop.
    """
    os.register_at_fork(before=_freeze, after_in_parent=gc.enable, after_in_child=gc.enable)


def _freeze() -> None:
    gc.disable()
    gc.collect()
    gc.freeze()


# A message that waited longer than its tick is dropped: the next tick asks the same question.
MINUTE = {"schedule": 60.0, "options": {"expires": 55}}
app.conf.beat_schedule = {
    # Thrice a minute, so that what a lost message held up is done within one.
    "work that is due or was interrupted": {
        "task": "jobs.tasks.sweep",
        "schedule": 20.0,
        "options": {"expires": 18},
    },
    "price sources that are due": {"task": "pricing.tasks.schedule_pulls", **MINUTE},
    "decisions whose prices changed": {"task": "decisions.tasks.schedule_rechecks", **MINUTE},
    "reviews of the quarter": {"task": "decisions.tasks.schedule_reviews", **MINUTE},
    "files of usage that nobody read": {
        "task": "decisions.tasks.forget_unread_usage",
        "schedule": 3600.0,
    },
    "reminders that are due": {"task": "decisions.tasks.schedule_reminders", **MINUTE},
}


class Scheduler(celery.beat.Scheduler):
    """Beat's own scheduler, without a schedule file, that leaves a sign of life at each send.

    It ends with the process that started it: a killed worker leaves no second clock behind.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.started_by = os.getppid()
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Make everything due at once: what waited while nothing ran starts now, not in a minute."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = self.app.now() - timedelta(minutes=1)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds until it has to look again."""
        if os.getppid() != self.started_by:
            raise SystemExit("the process that started the scheduler is gone")
        # Often enough to notice soon.
        return min(super().tick(*args, **kwargs), 5.0)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        from jobs import heartbeat

        super().apply_entry(entry, producer)
        heartbeat.beat("scheduler")
