"""What does a worker do when Celery wakes it?"""

from celery import shared_task
from django.utils import timezone

from jobs import heartbeat, work


@shared_task
def run(job_id: int) -> None:
    """Show that the worker is alive, and do one job, if it is still to do.

    The sign of life stands here too: behind many jobs the sweep waits for its turn.
    """
    heartbeat.beat("worker")
    work.perform(job_id)


@shared_task
def sweep() -> None:
    """Show that the worker is alive and wake everything that is due."""
    heartbeat.beat("worker")
    work.sweep(now=timezone.now())
