"""What does the clock ask of decisions? One call each."""

from celery import shared_task
from django.utils import timezone

from decisions import rechecks, reminders, reviews


@shared_task
def schedule_rechecks() -> None:
    """Ask for the decisions that changed prices touch."""
    rechecks.schedule(now=timezone.now())


@shared_task
def schedule_reviews() -> None:
    """Make the reviews of the current quarter."""
    reviews.schedule(now=timezone.now())


@shared_task
def schedule_reminders() -> None:
    """Write the reminders that are due."""
    reminders.schedule(now=timezone.now())
