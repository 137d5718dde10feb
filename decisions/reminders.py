"""Who has to be reminded of which review, and who has been?

A reminder is a row, one per review, step and person, so that no repeat and no outage can send one twice
or lose one. Steps stand 14, 7 and 1 days before the due date, on it, and every 7 days after. Of several
that became due while nothing ran, the newest is sent and says which others it stands for; those are
written down as skipped. A person who snoozes a review is reminded again on the day that they named;
everybody else's reminders go on.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from decisions import audit, deliveries, notices, recipients
from decisions.letters import STILL_DUE, step_in_words
from decisions.models import Delivery, Reminder, Review, Snooze, User

BEFORE_DAYS = (14, 7, 1, 0)
EVERY_DAYS_AFTER = 7
LONGEST_SNOOZE_DAYS = 60


class NotAllowed(Exception):
    """A snooze that cannot be; `field` names what is wrong, the text says why."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field


def schedule(*, now: datetime) -> int:
    """Write a reminder for every step that is due and has none; return how many.

    It runs each minute: what many reviews share is read once.
    """
    # A person's day may be ahead of UTC by up to 14 hours.
    horizon = now.date() + timedelta(days=max(BEFORE_DAYS) + 1)
    due = Review.objects.filter(
        due_on__lte=horizon, decision__archived_at__isnull=True, state__in=STILL_DUE
    ).select_related("decision__team")
    due = due.prefetch_related("snoozes", "approvals", "decision__team__addresses")
    known = set(
        Reminder.objects.filter(review__in=due.values("pk")).values_list("review", "step", "person")
    )
    people = recipients.People(now=now)
    return sum(_remind(review, people=people, known=known, now=now) for review in due)


def _remind(
    review: Review,
    *,
    people: recipients.People,
    known: set[tuple[int, str, int]],
    now: datetime,
) -> int:
    snoozes = {s.person_id: s for s in review.snoozes.all() if s.ended_at is None}
    written = 0
    for to in recipients.of(review, people=people):
        today = now.astimezone(ZoneInfo(to.person.time_zone)).date()
        snooze = snoozes.get(to.person.pk)
        quiet = snooze is not None and today < snooze.until
        steps = steps_until(review, today=today, first_day=to.first_day, snooze=snooze)
        new = [step for step, _ in steps if (review.pk, step, to.person.pk) not in known]
        for step in new:
            skipped = _overtaken(by=new[-1]) if step != new[-1] else ""
            written += _write(review, to=to, step=step, quiet=quiet, skipped=skipped, now=now)
    _tell_team(review, now=now)
    return written


def _overtaken(*, by: str) -> str:
    """Return why a step is not sent by itself when several become due at once, as after an outage."""
    says = step_in_words(by)
    return f"It became due together with the one {says}, which was sent and stands for it too."


def steps_until(
    review: Review, *, today: date, first_day: date, snooze: Snooze | None = None
) -> Iterator[tuple[str, date]]:
    """Yield the names and days of the steps up to today, not counting those before `first_day`.

    The day on which a snooze ends is a step of its own.
    """
    start = max(first_day, review.created_at.astimezone(UTC).date())
    days = list(BEFORE_DAYS)
    while review.due_on + timedelta(days=EVERY_DAYS_AFTER - days[-1]) <= today:
        days.append(days[-1] - EVERY_DAYS_AFTER)
    found = [(review.due_on - timedelta(days=n), f"{-n:+}" if n else "0") for n in days]
    found = [(day, step) for day, step in found if start <= day]
    if snooze is not None:
        found.append((snooze.until, f"snoozed {snooze.until}"))
    for day, step in sorted(found, key=itemgetter(0)):
        if day <= today:
            yield step, day


def _write(
    review: Review,
    *,
    to: recipients.Recipient,
    step: str,
    quiet: bool,
    skipped: str,
    now: datetime,
) -> int:
    kind = Delivery.Kind.AWAY if to.is_covered else kind_of(step)
    with transaction.atomic():
        # Once per review, step and person, whoever else writes at this moment.
        _, created = Reminder.objects.get_or_create(
            review=review,
            step=step,
            person=to.person,
            defaults={"role": to.role, "on_behalf_of": to.on_behalf_of, "created_at": now},
        )
        if not created or quiet:
            return int(created)
        for address in notices.channels_of(to.person, kind):
            way = f"address:{address.pk}" if address else "email"
            key = f"reminder:{review.pk}:{step}:person:{to.person.pk}:{way}"
            about = {"person": to.person, "address": address, "skipped": skipped}
            _ask(review, key=key, kind=kind, step=step, now=now, **about)
    return 1


def _ask(
    review: Review, *, key: str, kind: Delivery.Kind, step: str, now: datetime, **to: Any
) -> None:
    subject = _subject(review, now=now)
    deliveries.ask(
        key=key,
        kind=kind,
        subject=subject,
        team=review.decision.team,
        review=review,
        step=step,
        at=now,
        **to,
    )


def kind_of(step: str) -> Delivery.Kind:
    """Return which kind of notice a step is: before the day, or from it on."""
    return Delivery.Kind.SOON if step.startswith("-") else Delivery.Kind.DUE


def _subject(review: Review, *, now: datetime) -> str:
    days = (now.date() - review.due_on).days
    if days > 0:
        return (
            f"Review of {review.decision.name} is {days} {'day' if days == 1 else 'days'} overdue"
        )
    return f"Review of {review.decision.name} is due on {review.due_on.day} {review.due_on:%B %Y}"


def _tell_team(review: Review, *, now: datetime) -> None:
    """Ask for the team's own notices: one per step and address, in days of UTC."""
    for address in review.decision.team.addresses.all():
        first_day = address.created_at.astimezone(UTC).date()
        known = set(review.deliveries.filter(address=address).values_list("step", flat=True))
        new = [
            step
            for step, _ in steps_until(review, today=now.date(), first_day=first_day)
            if step not in known
        ]
        for step in new:
            skipped = _overtaken(by=new[-1]) if step != new[-1] else ""
            key = f"reminder:{review.pk}:{step}:address:{address.pk}"
            with transaction.atomic():
                about = {"address": address, "skipped": skipped}
                _ask(review, key=key, kind=kind_of(step), step=step, now=now, **about)


def snooze(review: Review, *, until: date, reason: str, by: User, at: datetime) -> Snooze:
    """Stop reminding one person of the review until a day; refused without a reason."""
    today = at.astimezone(ZoneInfo(by.time_zone)).date()
    if not today < until <= today + timedelta(days=LONGEST_SNOOZE_DAYS):
        raise NotAllowed(
            "until", f"Name a day after today, at most {LONGEST_SNOOZE_DAYS} days from now."
        )
    if not reason.strip():
        raise NotAllowed("reason", "Say why: it is kept in the audit trail.")
    if review.state not in STILL_DUE:
        raise NotAllowed(
            "", f"This review is {review.get_state_display().lower()}: nobody is reminded."
        )
    with transaction.atomic():
        Snooze.objects.filter(review=review, person=by, ended_at=None).update(ended_at=at)
        made = Snooze.objects.create(
            review=review, person=by, until=until, reason=reason.strip(), created_at=at
        )
        after = {"until": until.isoformat(), "reason": made.reason}
        _note("reminders snoozed", review, by=by, at=at, after=after)
    return made


def wake(review: Review, *, by: User, at: datetime) -> bool:
    """Remind the person again from now on; False when they had not snoozed the review."""
    with transaction.atomic():
        ended = Snooze.objects.filter(review=review, person=by, ended_at=None).update(ended_at=at)
        if ended:
            _note("snooze ended", review, by=by, at=at)
    return bool(ended)


def _note(what: str, review: Review, *, by: User, at: datetime, **texts: dict[str, str]) -> None:
    audit.write(what, by=by, at=at, subject=review, team=review.decision.team.name, **texts)
