"""When is a decision's next review due, and what brings one forward?

By default every decision has one review a calendar quarter, due on the quarter's last day. A decision
may count months from its last sign-off instead. A crossing, or a workload that moved by a quarter
against the signed one, does not wait: the scheduled review is brought forward, or, when this quarter's
is signed already, a second one is opened.

All days here are UTC days: a due date is one date for everybody.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from decisions import audit, changes, quarters, triggers
from decisions.models import Decision, Review, User

State = Review.State
# A review by months is made this long before it is due: a quarter, as the others are.
AHEAD = timedelta(days=92)
EARLY_WITHIN = timedelta(days=14)
ITSELF = "Breakeven"


def schedule(*, now: datetime) -> int:
    """Make the review of every decision that needs one now and has none; return how many."""
    year, quarter = quarters.of(now.date())
    live = Decision.objects.filter(archived_at=None)
    # One EXISTS: two conditions in exclude() may be met by two different reviews.
    here = Review.objects.filter(decision=OuterRef("pk"), year=year, quarter=quarter)
    waiting = Review.objects.filter(decision=OuterRef("pk")).exclude(state=State.SIGNED)
    missing = [
        *live.filter(review_every_months=None).exclude(Exists(here)),
        *live.filter(review_every_months__isnull=False).exclude(Exists(waiting)),
    ]
    return sum(schedule_for(decision, now=now) is not None for decision in missing)


def schedule_for(decision: Decision, *, now: datetime) -> Review | None:
    """Make the decision's next review; None when it is there already, or too far away to make.

    No review is made for a quarter before the decision's first one, so a clock that jumped back
    makes none.
    """
    with transaction.atomic():
        _hold(decision)
        due = _day_to_schedule(decision, today=now.date())
        if due is None:
            return None
        review = _make(decision, due=due, now=now)
        _note("review scheduled", review, by="system:schedule", at=now)
    return review


def _day_to_schedule(decision: Decision, *, today: date) -> date | None:
    if decision.review_every_months:
        due = _by_months(decision, otherwise=today)
        waits = decision.reviews.exclude(state=State.SIGNED).exists()
        return None if waits or due - today > AHEAD else due
    first = decision.reviews.order_by("year", "quarter").values_list("year", "quarter").first()
    now = quarters.of(today)
    there = decision.reviews.filter(year=now[0], quarter=now[1]).exists()
    return None if there or (first and now < first) else quarters.last_day(*now)


def next_due(decision: Decision) -> date | None:
    """Return the day by which the decision's next review is due.

    That of the earliest unfinished review, or else the one that the cadence will make; None for
    a decision that is archived or has no review yet.
    """
    if decision.archived_at is not None:
        return None
    waiting = decision.reviews.exclude(state=State.SIGNED).order_by("due_on").first()
    if waiting is not None:
        return waiting.due_on
    last = decision.reviews.order_by("-year", "-quarter").first()
    if last is None:
        return None
    if decision.review_every_months:
        return _by_months(decision, otherwise=last.due_on)
    year, quarter = last.year, last.quarter
    return quarters.last_day(*((year, quarter + 1) if quarter < 4 else (year + 1, 1)))


def _by_months(decision: Decision, *, otherwise: date) -> date:
    """Return the day that many months after the last sign-off, or after `otherwise` without one."""
    signed: datetime | None = decision.reviews.aggregate(last=Max("signed_at"))["last"]
    start = otherwise if signed is None else signed.date()
    return quarters.months_after(start, decision.review_every_months or 3)


def in_words(decision: Decision) -> str:
    """Return how often the decision is reviewed, for people."""
    months = decision.review_every_months
    if months is None:
        return "every calendar quarter"
    return "a month after each sign-off" if months == 1 else f"{months} months after each sign-off"


def set_months(
    decision: Decision, *, months: int | None, was: int | None, by: User, at: datetime
) -> bool:
    """Count the next review from the last sign-off (`months`), or by calendar quarters (None).

    A review that nobody opened yet moves to the new day. False when somebody else changed the
    cadence from `was` meanwhile; nothing is stored then.
    """
    with transaction.atomic():
        held = Decision.objects.filter(pk=decision.pk, review_every_months=was)
        if was is None:
            held = Decision.objects.filter(pk=decision.pk, review_every_months__isnull=True)
        if not held.update(review_every_months=months):
            return False
        decision.refresh_from_db()
        _move_scheduled(decision, today=at.date())
        audit.write(
            "cadence changed",
            by=by,
            at=at,
            subject=decision,
            team=decision.team.name,
            before={"months": was},
            after={"months": months},
        )
    return True


def _move_scheduled(decision: Decision, *, today: date) -> None:
    scheduled = decision.reviews.filter(state=State.SCHEDULED, early_because="")
    review = scheduled.order_by("due_on").first()
    if review is None:
        return
    due = quarters.last_day(review.year, review.quarter)
    if decision.review_every_months:
        due = _by_months(decision, otherwise=today)
    scheduled.filter(pk=review.pk).update(due_on=due)


def bring_forward(
    decision: Decision, *, because: str, at: datetime, by: User | None = None
) -> Review | None:
    """Open the decision's next review now, with the reason; None when one is being worked on.

    `by` is who asks for it, None when the product does by itself.

    In the caller's transaction or its own. Call it before the caller writes audit events: rows are
    locked in the order decision, review, audit chain.
    """
    with transaction.atomic():
        _hold(decision)
        unfinished = decision.reviews.exclude(state=State.SIGNED).order_by("due_on").first()
        due = at.date() + EARLY_WITHIN
        if unfinished is None:
            if not decision.reviews.exists():
                return None
            review = _make(decision, due=due, now=at)
        elif unfinished.state == State.SCHEDULED and not unfinished.early_because:
            review, due = unfinished, min(due, unfinished.due_on)
        else:
            return None
        opened = Review.objects.filter(pk=review.pk, state=State.SCHEDULED).update(
            state=State.OPEN,
            due_on=due,
            early_because=because,
            opened_at=at,
            opened_by_name=by.get_full_name() if by else ITSELF,
        )
        if not opened:
            return None
        review.refresh_from_db()
        after = {"because": because, "due_on": due.isoformat()}
        _note("early review opened", review, by=by or "system:early-review", at=at, after=after)
    return review


def look_at_workload(decision: Decision, *, at: datetime) -> Review | None:
    """Bring the review forward when the volume moved by a quarter or more since it was signed."""
    last = changes.last_signed(decision)
    if last is None:
        return None
    was = json.loads(last.record_json)["question"]
    now = {name: getattr(decision.workload, name) for name in triggers.TOKENS}
    since = triggers.Since(decision=decision, signed=last, was=was, now={"workload": now}, at=at)
    because = triggers.volume(since)
    return bring_forward(decision, because=because, at=at) if because else None


def _make(decision: Decision, *, due: date, now: datetime) -> Review:
    """Return a new review of the quarter in which it falls due, behind those that are there."""
    year, quarter = quarters.of(due)
    there = decision.reviews.filter(year=year, quarter=quarter)
    number = (there.aggregate(last=Max("number"))["last"] or 0) + 1
    return Review.objects.create(
        decision=decision, year=year, quarter=quarter, number=number, due_on=due, created_at=now
    )


def _hold(decision: Decision) -> None:
    Decision.objects.select_for_update().get(pk=decision.pk)


def _note(what: str, review: Review, *, by: User | str, at: datetime, **texts: Any) -> None:
    audit.write(what, by=by, at=at, subject=review, team=review.decision.team.name, **texts)
