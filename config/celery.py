"""When does what happen? The whole timetable, on one page.

Nothing here is a calendar date. Each entry asks the database what is due and has not been done, so
a missed tick, a doubled one or a scheduler that was down for a week changes nothing but the delay.
"""

import os
from typing import Any

import celery.beat
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("breakeven")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["jobs", "pricing", "decisions"])

# A message that waited longer than its tick is dropped: the next tick asks the same question.
MINUTE = {"schedule": 60.0, "options": {"expires": 55}}
app.conf.beat_schedule = {
    "work that is due or was interrupted": {"task": "jobs.tasks.sweep", **MINUTE},
    "price sources that are due": {"task": "pricing.tasks.schedule_pulls", **MINUTE},
    "decisions whose prices changed": {"task": "decisions.tasks.schedule_rechecks", **MINUTE},
    "reviews of the quarter": {"task": "decisions.tasks.schedule_reviews", **MINUTE},
    "reminders that are due": {"task": "decisions.tasks.schedule_reminders", **MINUTE},
}


class Scheduler(celery.beat.Scheduler):
    """Beat's own scheduler, without a schedule file, that leaves a sign of life at each send."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        from jobs import heartbeat

        super().apply_entry(entry, producer)
        heartbeat.beat("scheduler")
