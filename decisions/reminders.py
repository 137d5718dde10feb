"""Who has to be reminded of which review, and who has been?

A reminder is a row, one per review, step and person, so that no repeat and no outage can send one twice
or lose one. Steps stand 14, 7 and 1 days before the due date, on it, and every 7 days after. Before
submission those who prepare are reminded, then those who sign; from 14 days overdue approvers too, from
28 also the team's managers and the administrators. A person who snoozes a review is reminded again on the
day that they named; everybody else's reminders go on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from django.db import transaction

from decisions import access, audit, deliveries, notices
from decisions.letters import STILL_DUE
from decisions.models import Delivery, Reminder, Review, Snooze, User

BEFORE_DAYS = (14, 7, 1, 0)
EVERY_DAYS_AFTER = 7
APPROVERS_AFTER_DAYS = 14
ADMINISTRATORS_AFTER_DAYS = 28
LONGEST_SNOOZE_DAYS = 60

Role = Reminder.Role


class NotAllowed(Exception):
    """A snooze that cannot be; `field` names what is wrong, the text says why."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A person who is reminded of a review, from a day on, and why."""

    person: User
    role: Role
    first_day: date = date.min


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
    people = People()
    return sum(_remind(review, people=people, known=known, now=now) for review in due)


def _remind(
    review: Review, *, people: "People", known: set[tuple[int, str, int]], now: datetime
) -> int:
    snoozes = {s.person_id: s for s in review.snoozes.all() if s.ended_at is None}
    written = 0
    for to in recipients(review, people=people):
        today = now.astimezone(ZoneInfo(to.person.time_zone)).date()
        snooze = snoozes.get(to.person.pk)
        for step, _ in steps_until(review, today=today, first_day=to.first_day, snooze=snooze):
            if (review.pk, step, to.person.pk) not in known:
                quiet = snooze is not None and today < snooze.until
                written += _write(review, to=to, step=step, quiet=quiet, now=now)
    _tell_team(review, now=now)
    return written


class People:
    """Who is who in each team, asked once per team for as long as this lives."""

    def __init__(self) -> None:
        self.managers = cache(lambda team: list(access.managers_of(team)))
        self.approvers = cache(lambda team: list(access.approvers_of(team)))

    @cached_property
    def administrators(self) -> list[User]:
        """Return the organisation's administrators."""
        return list(User.objects.filter(is_active=True, is_administrator=True))


def steps_until(
    review: Review, *, today: date, first_day: date, snooze: Snooze | None = None
) -> Iterator[tuple[str, date]]:
    """Yield the names and days of the steps up to today, not counting those before `first_day`.

    The day on which a snooze ends is a step of its own.
    """
    start = max(first_day, review.created_at.astimezone(UTC).date())
    for days in BEFORE_DAYS:
        day = review.due_on - timedelta(days=days)
        if start <= day <= today:
            yield f"-{days}" if days else "0", day
    day = review.due_on + timedelta(days=EVERY_DAYS_AFTER)
    while day <= today:
        if start <= day:
            yield f"+{(day - review.due_on).days}", day
        day += timedelta(days=EVERY_DAYS_AFTER)
    if snooze is not None and snooze.until <= today:
        yield f"snoozed {snooze.until}", snooze.until


def recipients(review: Review, *, people: People) -> list[Recipient]:
    """Return who is reminded of the review, each once, and from which day."""
    decision, team = review.decision, review.decision.team
    late = review.due_on + timedelta(days=APPROVERS_AFTER_DAYS)
    very_late = review.due_on + timedelta(days=ADMINISTRATORS_AFTER_DAYS)
    found: dict[User, Recipient] = {}

    def add(persons: Iterable[User], role: Role, first_day: date = date.min) -> None:
        for person in persons:
            found.setdefault(person, Recipient(person=person, role=role, first_day=first_day))

    if review.state == Review.State.SUBMITTED:
        # Steps before it was submitted were others' business.
        since = review.submitted_at.astimezone(UTC).date() if review.submitted_at else date.min
        # Of several who have to sign, those who have are left alone.
        done = {a.person_id for a in review.approvals.all() if a.submission == review.submission}
        done.add(review.submitted_by_id)
        add((p for p in people.approvers(team) if p.pk not in done), Role.SIGNS, since)
    else:
        add(people.managers(team), Role.PREPARES)
        # The owner may be an approver, who prepares too.
        add((p for p in people.approvers(team) if p.pk == decision.owner_id), Role.PREPARES)
        add(people.approvers(team), Role.APPROVES, late)
    add(people.managers(team), Role.ADMINISTERS, very_late)
    add(people.administrators, Role.ADMINISTERS, very_late)
    return list(found.values())


def _write(review: Review, *, to: Recipient, step: str, quiet: bool, now: datetime) -> int:
    with transaction.atomic():
        # Once per review, step and person, whoever else writes at this moment.
        _, created = Reminder.objects.get_or_create(
            review=review,
            step=step,
            person=to.person,
            defaults={"role": to.role, "created_at": now},
        )
        if not created or quiet:
            return int(created)
        for address in notices.channels_of(to.person, kind_of(step)):
            way = f"address:{address.pk}" if address else "email"
            deliveries.ask(
                key=f"reminder:{review.pk}:{step}:person:{to.person.pk}:{way}",
                kind=kind_of(step),
                subject=_subject(review, now=now),
                person=to.person,
                address=address,
                team=review.decision.team,
                review=review,
                step=step,
                at=now,
            )
    return 1


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
        for step, _ in steps_until(review, today=now.date(), first_day=first_day):
            if step in known:
                continue
            with transaction.atomic():
                deliveries.ask(
                    key=f"reminder:{review.pk}:{step}:address:{address.pk}",
                    kind=kind_of(step),
                    subject=_subject(review, now=now),
                    address=address,
                    team=review.decision.team,
                    review=review,
                    step=step,
                    at=now,
                )


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
