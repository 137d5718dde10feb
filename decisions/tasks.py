"""What does the clock ask of decisions? One call each."""

from celery import shared_task
from django.utils import timezone

from decisions import cadence, notices, rechecks, reminders, usage_files


@shared_task
def schedule_rechecks() -> None:
    """Ask for the decisions that changed prices touch."""
    rechecks.schedule(now=timezone.now())


@shared_task
def schedule_reviews() -> None:
    """Make the reviews of the current quarter."""
    cadence.schedule(now=timezone.now())


@shared_task
def schedule_reminders() -> None:
    """Write the reminders that are due, and tell of flags that nobody was told of."""
    reminders.schedule(now=timezone.now())
    notices.tell_of_flags(now=timezone.now())


@shared_task
def forget_unread_usage() -> None:
    """Delete uploaded files whose columns nobody confirmed."""
    usage_files.forget_unread(now=timezone.now())
