"""Each reminder is sent once per review, step and person, whatever the clock and the worker do."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from decisions import addresses, delegations, notices, reminders, reviews
from decisions.models import AuditEvent, Delivery, Reminder, Review
from tests.decisions import stories
from tests.decisions.stories import NOW

DUE = datetime(2026, 12, 31, 9, tzinfo=UTC)


@pytest.fixture
def story(db):
    return stories.ready()


def steps_of(person):
    return set(Reminder.objects.filter(person=person).values_list("step", flat=True))


def test_nobody_is_reminded_before_the_first_step(story):
    assert reminders.schedule(now=NOW) == 0


def test_each_step_once_however_often_the_clock_ticks(story):
    for day in (-14, -14, -13, -7, -7):
        reminders.schedule(now=DUE + timedelta(days=day))
    assert steps_of(story.manager) == {"-14", "-7"}
    assert Reminder.objects.count() == 2


def test_a_scheduler_that_was_down_loses_no_step(story):
    reminders.schedule(now=DUE + timedelta(days=8))
    assert steps_of(story.manager) == {"-14", "-7", "-1", "0", "+7"}


@time_machine.travel(DUE + timedelta(days=8))
def test_after_an_outage_one_mail_stands_for_every_step_that_was_missed(story, do_work):
    addresses.add(
        service="webhook",
        name="ops",
        url="https://hooks.example.com/1",
        team=story.team,
        by=story.manager,
        at=NOW,
    )
    reminders.schedule(now=DUE + timedelta(days=8))
    do_work()
    (letter,) = mail.outbox
    assert "14 days before, 7 days before, 1 day before, on the due date" in letter.body
    for told in (
        Delivery.objects.filter(person=story.manager),
        Delivery.objects.filter(person=None),
    ):
        by_step = {d.step: d.dropped_because for d in told}
        assert by_step.pop("+7") == ""
        assert set(by_step) == {"-14", "-7", "-1", "0"}
        assert all("7 days after" in why for why in by_step.values())
    assert mail.outbox[0].alternatives and "on the due date" in mail.outbox[0].alternatives[0][0]


def delegate_for(story, *, first, last):
    viewer = stories.person(story.team, "delegate@example.org", "viewer")
    delegations.make(
        story.team,
        delegate=viewer,
        from_on=first.date(),
        until_on=last.date(),
        by=story.approver,
        at=NOW,
    )
    return viewer


def test_a_delegate_is_reminded_while_the_delegation_runs_and_the_approver_too(story, do_work):
    viewer = delegate_for(story, first=DUE - timedelta(days=8), last=DUE - timedelta(days=6))
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    for days in (14, 8, 7, 1):
        with time_machine.travel(DUE - timedelta(days=days)):
            reminders.schedule(now=DUE - timedelta(days=days))
            do_work()
    assert steps_of(viewer) == {"-7"}
    assert steps_of(story.approver) == {"-14", "-7", "-1"}
    (letter,) = [m for m in mail.outbox if m.to == [viewer.email]]
    assert "because approver lets you sign in their place" in letter.body
    kinds = dict(Delivery.objects.filter(person=story.approver).values_list("step", "kind"))
    assert kinds == {"-14": "soon", "-7": "away", "-1": "soon"}


def test_an_approver_who_is_away_may_turn_their_copy_off_and_only_then(story):
    viewer = delegate_for(story, first=DUE, last=DUE + timedelta(days=1))
    notices.choose(story.approver, wanted=[])
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reminders.schedule(now=DUE)
    assert Delivery.objects.filter(person=viewer, step="0").count() == 1
    assert not Delivery.objects.filter(person=story.approver, step="0").exists()
    reminders.schedule(now=DUE + timedelta(days=7))
    assert Delivery.objects.filter(person=story.approver, step="+7", kind="due").count() == 1


def test_a_delegate_who_cannot_sign_is_not_reminded_and_leaves_the_approver_theirs(story):
    delegations.make(
        story.team,
        delegate=story.manager,
        from_on=NOW.date(),
        until_on=DUE.date(),
        by=story.approver,
        at=NOW,
    )
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reminders.schedule(now=DUE)
    assert steps_of(story.manager) == set()
    assert set(Delivery.objects.values_list("person", "kind")) == {
        (story.approver.pk, "soon"),
        (story.approver.pk, "due"),
    }


def test_a_review_made_late_is_not_reminded_of_steps_before_it(story):
    Review.objects.update(created_at=DUE - timedelta(days=3))
    reminders.schedule(now=DUE)
    assert steps_of(story.manager) == {"-1", "0"}


def test_after_submission_only_those_who_may_sign_are_reminded(story):
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reminders.schedule(now=DUE - timedelta(days=7))
    assert steps_of(story.manager) == set()
    assert steps_of(story.approver) == {"-14", "-7"}


def test_long_overdue_goes_to_administrators(story):
    boss = stories.person(None, "boss@example.org", is_administrator=True)
    reminders.schedule(now=DUE + timedelta(days=27))
    assert steps_of(boss) == set()
    reminders.schedule(now=DUE + timedelta(days=28))
    assert steps_of(boss) == {"+28"}


def test_a_persons_day_is_their_own(story):
    story.manager.time_zone = "Pacific/Auckland"
    story.manager.save(update_fields=["time_zone"])
    late_evening = datetime(2026, 12, 16, 20, tzinfo=UTC)  # the 17th in Auckland: 14 days before
    reminders.schedule(now=late_evening)
    assert steps_of(story.manager) == {"-14"}
    utc = stories.person(story.team, "utc@example.org", "manager")
    reminders.schedule(now=late_evening)
    assert steps_of(utc) == set()


@time_machine.travel(DUE)
def test_mail_is_sent_once_with_a_stable_id(story, do_work):
    reminders.schedule(now=DUE)
    do_work()
    sent = {m.extra_headers["Message-ID"] for m in mail.outbox}
    assert len(sent) == len(mail.outbox) == Delivery.objects.exclude(sent_at=None).count() > 0
    do_work()
    assert len(mail.outbox) == len(sent)
    text = mail.outbox[0].body
    assert "Answers" in text
    assert "31 December 2026" in text


@time_machine.travel(DUE)
def test_a_signed_review_is_no_longer_reminded_of(story, do_work):
    reminders.schedule(now=DUE)
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="", by=story.approver, at=NOW)
    do_work()
    assert mail.outbox == []
    assert {d.state for d in Delivery.objects.all()} == {"dropped"}
    assert "signed off before" in Delivery.objects.first().dropped_because


def test_the_approver_is_told_after_14_days_and_why(story, do_work):
    reminders.schedule(now=DUE + timedelta(days=13))
    assert steps_of(story.approver) == set()
    with time_machine.travel(DUE + timedelta(days=14)):
        reminders.schedule(now=DUE + timedelta(days=14))
        do_work()
    assert steps_of(story.approver) == {"+14"}
    (to_approver,) = [m for m in mail.outbox if m.to == [story.approver.email]]
    assert "14 days overdue" in to_approver.subject
    assert "as approver of the team" in to_approver.body


def test_an_approver_who_gets_a_review_late_is_not_told_of_steps_before(story):
    reviews.submit(story.review, note="", by=story.manager, at=DUE - timedelta(days=3))
    reminders.schedule(now=DUE)
    assert steps_of(story.approver) == {"-1", "0"}


def test_a_snooze_quiets_one_person_until_its_day_and_no_other(story):
    review = story.review
    now = DUE - timedelta(days=10)
    reminders.snooze(
        review, until=now.date() + timedelta(days=6), reason="On leave.", by=story.manager, at=now
    )
    reviews.submit(review, note="", by=story.manager, at=now)
    reviews.give_back(review, reason="More.", by=story.approver, at=now)
    reminders.schedule(now=DUE - timedelta(days=7))
    assert steps_of(story.manager) == {"-14", "-7"}
    assert Delivery.objects.filter(person=story.manager).count() == 0
    reminders.schedule(now=DUE - timedelta(days=4))
    told = Delivery.objects.filter(person=story.manager)
    assert [d.step for d in told] == ["snoozed 2026-12-27"]
    event = AuditEvent.objects.get(what="reminders snoozed")
    assert "On leave." in event.after and "2026-12-27" in event.after


@pytest.mark.parametrize(
    ("days", "reason", "field"), [(0, "x", "until"), (61, "x", "until"), (5, "  ", "reason")]
)
def test_a_snooze_needs_a_day_and_a_reason(story, days, reason, field):
    with pytest.raises(reminders.NotAllowed) as refusal:
        reminders.snooze(
            story.review,
            until=NOW.date() + timedelta(days=days),
            reason=reason,
            by=story.manager,
            at=NOW,
        )
    assert refusal.value.field == field


def test_a_teams_address_is_told_once_per_step(story):
    addresses.add(
        service="webhook",
        name="ops",
        url="https://hooks.example.com/1",
        team=story.team,
        by=story.manager,
        at=NOW,
    )
    for _ in range(2):
        reminders.schedule(now=DUE - timedelta(days=7))
    assert sorted(Delivery.objects.filter(address__name="ops").values_list("step", flat=True)) == [
        "-14",
        "-7",
    ]


@pytest.mark.parametrize(
    ("created", "today", "expected"),
    [
        (date(2027, 1, 1), date(2027, 3, 17), ["-14"]),
        (date(2028, 1, 1), date(2028, 3, 31), ["-14", "-7", "-1", "0"]),
        (date(2027, 1, 1), date(2027, 4, 14), ["-14", "-7", "-1", "0", "+7", "+14"]),
    ],
)
def test_steps_of_a_quarter_that_ends_at_a_clock_change(story, created, today, expected):
    review = story.review
    review.created_at = datetime(created.year, created.month, created.day, tzinfo=UTC)
    review.due_on = date(created.year, 3, 31)
    found = reminders.steps_until(review, today=today, first_day=date.min)
    assert [step for step, _ in found] == expected
