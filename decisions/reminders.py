"""Who has to be reminded of which review, and who has been?

A reminder is a row, one per review, step and person, so that no repeat and no outage can send one twice
or lose one. Steps stand 14, 7 and 1 days before the due date, on it, and every 7 days after. Before
submission those who prepare are reminded, then those who sign; from 14 days overdue approvers too, from
28 also the administrators.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from decisions import access
from decisions.models import Reminder, Review, User
from jobs import work

KIND = "send_reminder"
BEFORE_DAYS = (14, 7, 1, 0)
EVERY_DAYS_AFTER = 7
APPROVERS_AFTER_DAYS = 14
ADMINISTRATORS_AFTER_DAYS = 28


def schedule(*, now: datetime) -> int:
    """Write a reminder for every step that is due and has none; return how many."""
    # A person's day may be ahead of UTC by up to 14 hours.
    horizon = now.date() + timedelta(days=max(BEFORE_DAYS) + 1)
    reviews = (
        Review.objects.filter(due_on__lte=horizon, decision__archived_at__isnull=True)
        .exclude(state=Review.State.SIGNED)
        .select_related("decision__team", "decision__owner")
    )
    return sum(_remind(review, now=now) for review in reviews)


def _remind(review: Review, *, now: datetime) -> int:
    written = 0
    for person, first_day in recipients(review).items():
        today = now.astimezone(ZoneInfo(person.time_zone)).date()
        for step, day in steps_until(review, today=today, first_day=first_day):
            written += _write(review, person=person, step=step, now=now) if day <= today else 0
    return written


def steps_until(review: Review, *, today: date, first_day: date) -> Iterator[tuple[str, date]]:
    """Yield the names and days of the steps up to today, not counting those before `first_day`."""
    start = max(first_day, timezone.localtime(review.created_at, ZoneInfo("UTC")).date())
    for days in BEFORE_DAYS:
        day = review.due_on - timedelta(days=days)
        if start <= day <= today:
            yield f"-{days}" if days else "0", day
    day = review.due_on + timedelta(days=EVERY_DAYS_AFTER)
    while day <= today:
        if start <= day:
            yield f"+{(day - review.due_on).days}", day
        day += timedelta(days=EVERY_DAYS_AFTER)


def recipients(review: Review) -> dict[User, date]:
    """Return who is reminded of the review, each with the first day from which they are."""
    always = date.min
    team = review.decision.team
    waiting = review.state == Review.State.SUBMITTED
    people = access.approvers_of(team) if waiting else access.editors_of(team)
    if review.submitted_by is not None and waiting:
        people = people.exclude(pk=review.submitted_by.pk)
    found = dict.fromkeys(people, always)
    for person in access.approvers_of(team):
        found.setdefault(person, review.due_on + timedelta(days=APPROVERS_AFTER_DAYS))
    for person in User.objects.filter(is_active=True, is_administrator=True):
        found.setdefault(person, review.due_on + timedelta(days=ADMINISTRATORS_AFTER_DAYS))
    return found


def _write(review: Review, *, person: User, step: str, now: datetime) -> int:
    known = f"{review.pk}:{step}:{person.pk}"
    digest = hashlib.sha256(f"{settings.SITE_URL}:{known}".encode()).hexdigest()[:32]
    with transaction.atomic():
        reminder, created = Reminder.objects.get_or_create(
            review=review,
            step=step,
            person=person,
            defaults={"message_id": f"<{digest}@breakeven>", "created_at": now},
        )
        if created:
            work.enqueue(
                KIND,
                key=f"reminder:{reminder.pk}",
                title=f"Reminder ({step} days) of {review.decision.name}",
                payload={"reminder_id": reminder.pk, "team_id": review.decision.team_id},
                at=now,
                by="system:schedule",
            )
    return int(created)


@work.kind(KIND, lease=timedelta(minutes=2), max_attempts=8)
def send(claim: work.Claim) -> work.Effect:
    """Send one reminder, if it is still due.

    A mail cannot be sent exactly once. A worker that dies between mail and row sends it again, with
    the same Message-ID, so that mail programs show it once.
    """
    reminder = Reminder.objects.select_related("review__decision__team", "person").get(
        pk=claim.job.payload["reminder_id"]
    )
    due = _still_due(reminder)
    if due:
        Reminder.objects.filter(pk=reminder.pk).update(state=Reminder.State.SENDING)
        _message(reminder).send()

    def sent() -> Mapping[str, Any]:
        state = Reminder.State.SENT if due else Reminder.State.DUE
        Reminder.objects.filter(pk=reminder.pk).update(
            state=state, sent_at=timezone.now() if due else None
        )
        return {"sent": due}

    return sent


def _still_due(reminder: Reminder) -> bool:
    return Review.objects.filter(
        ~Q(state=Review.State.SIGNED), pk=reminder.review_id, decision__archived_at__isnull=True
    ).exists()


def _message(reminder: Reminder) -> EmailMultiAlternatives:
    review = reminder.review
    context = {
        "review": review,
        "decision": review.decision,
        "person": reminder.person,
        "waiting_for_signature": review.state == Review.State.SUBMITTED,
        "site_url": settings.SITE_URL,
    }
    message = EmailMultiAlternatives(
        subject=f"Review of {review.decision.name} is due on {review.due_on:%d %B %Y}",
        body=render_to_string("emails/reminder.txt", context),
        to=[reminder.person.email],
        headers={"Message-ID": reminder.message_id},
    )
    message.attach_alternative(render_to_string("emails/reminder.html", context), "text/html")
    return message
