"""Exactly one reminder per decision, quarter and step, in every calendar and whatever the clock does.

90 cases: three zones, five quarters and days (clock changes, a year's end, a leap day) and six clocks.
Each step that fell due while the clock ran has a mail of its own; of several that fell due while it
stood still, the newest is mailed and says which others it stands for.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail

from config.celery import Scheduler, app
from decisions import reminders, tasks
from decisions.letters import step_in_words
from decisions.models import Delivery, Reminder, Review
from tests.factories import make_member, make_team, make_user

ZONES = ["UTC", "Pacific/Auckland", "America/Los_Angeles"]
DUE_ON = [
    date(2027, 3, 31),  # the clocks of Europe and California changed in the fortnight before
    date(2027, 9, 30),  # those of Auckland did
    date(2027, 12, 31),  # the week after is another year's
    date(2028, 2, 29),  # a leap day
    date(2028, 3, 7),  # a week after one
]
DAYS = {"-14": -14, "-7": -7, "-1": -1, "0": 0, "+7": 7}


def midnights(due_on: date, zone: str) -> dict[str, datetime]:
    """Return when each step's day begins in the zone, in UTC."""
    found = {}
    for step, days in DAYS.items():
        day = due_on + timedelta(days=days)
        begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
        found[step] = begins.astimezone(UTC)
    return found


def ticks(due_on: date, zone: str) -> list[datetime]:
    """Return times every 27 hours, and a minute before and after each step's day begins."""
    begun = datetime(due_on.year, due_on.month, due_on.day, tzinfo=UTC) - timedelta(days=16)
    regular = [begun + timedelta(hours=27 * n) for n in range(22)]
    near = [
        at + timedelta(minutes=off) for at in midnights(due_on, zone).values() for off in (-1, 1)
    ]
    # And one as the clock that stood still goes on.
    return sorted([*regular, *near, midnights(due_on, zone)["-1"] + timedelta(hours=27)])


def steady(at, begins):
    yield at


def stands_still_for_30_hours(at, begins):
    # From three hours before one step until three hours after the next.
    if not begins["-1"] - timedelta(hours=3) <= at < begins["-1"] + timedelta(hours=27):
        yield at


def stands_still_for_three_weeks(at, begins):
    # From before the first step until after the last.
    if not begins["-14"] - timedelta(hours=3) <= at < begins["+7"] + timedelta(minutes=1):
        yield at


def an_hour_fast_and_slow(at, begins):
    yield at + timedelta(hours=1)
    yield at - timedelta(hours=1)


def without_a_schedule_file(at, begins):
    # Each tick is a scheduler that has just started and remembers nothing.
    started = Scheduler(app=app, lazy=True)
    started.setup_schedule()
    due, _seconds_to_next = started.schedule["reminders that are due"].is_due()
    assert due
    yield at


def two_beats(at, begins):
    yield at
    yield at


CLOCKS = [
    steady,
    stands_still_for_30_hours,
    stands_still_for_three_weeks,
    an_hour_fast_and_slow,
    without_a_schedule_file,
    two_beats,
]
# How late a step is written down at most, and which steps have no mail of their own.
LATE = {stands_still_for_30_hours: timedelta(hours=30), stands_still_for_three_weeks: timedelta(22)}
WITHOUT_A_MAIL = {
    stands_still_for_30_hours: {"-1"},
    stands_still_for_three_weeks: {"-14", "-7", "-1", "0"},
}


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.__name__)
@pytest.mark.parametrize("due_on", DUE_ON, ids=str)
@pytest.mark.parametrize("zone", ZONES)
def test_one_reminder_per_decision_quarter_and_step(db, do_work, zone, due_on, clock):
    team = make_team()
    make_member(team, user=make_user(time_zone=zone))
    for name in ("One", "Two"):
        Review.objects.create(
            decision=team.decisions.create(name=name),
            year=due_on.year,
            quarter=1,
            due_on=due_on,
            created_at=datetime(due_on.year - 1, 12, 1, tzinfo=UTC),
        )
    begins, now = midnights(due_on, zone), datetime(due_on.year - 1, 12, 1, tzinfo=UTC)
    for tick in ticks(due_on, zone):
        for now in clock(tick, begins):
            if clock is without_a_schedule_file:
                with time_machine.travel(now, tick=False):
                    tasks.schedule_reminders()
            else:
                reminders.schedule(now=now)

    written = Reminder.objects.select_related("review__decision")
    counted = Counter((r.review.decision.name, r.review.quarter, r.step) for r in written)
    assert counted == Counter((name, 1, step) for name in ("One", "Two") for step in DAYS)
    for reminder in written:
        assert reminder.created_at >= begins[reminder.step]
        late = reminder.created_at - begins[reminder.step]
        assert late <= LATE.get(clock, timedelta(hours=1)) + timedelta(minutes=1)
    with time_machine.travel(now):
        do_work()
    told = Counter(Delivery.objects.exclude(sent_at=None).values_list("step", flat=True))
    skipped = Counter(Delivery.objects.filter(sent_at=None).values_list("step", flat=True))
    assert set(skipped) == WITHOUT_A_MAIL.get(clock, set())
    assert told + skipped == Counter(dict.fromkeys(DAYS, 2))
    assert len(mail.outbox) == len({m.extra_headers["Message-ID"] for m in mail.outbox})
    assert len(mail.outbox) == told.total()
    stood_for = Counter(
        step
        for letter in mail.outbox
        for step in skipped
        if step_in_words(step) in letter.body.partition("It stands also for")[2]
    )
    assert stood_for == skipped
