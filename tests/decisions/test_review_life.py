"""Cadence, early reviews, several signatures, delegates, and what a signer saw."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from decisions import (
    cadence,
    delegations,
    deliveries,
    drafts,
    notices,
    records,
    reviews,
    seen,
    standing,
)
from decisions.models import (
    Approval,
    AuditEvent,
    Delegation,
    Delivery,
    Review,
    Snapshot,
    Team,
)
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db):
    return stories.ready()


@pytest.fixture
def submitted(story):
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    return story


@pytest.fixture
def signed(submitted):
    reviews.sign_off(submitted.review, note="", by=submitted.approver, at=NOW)
    return submitted


def set_volume(story, tokens, at=NOW):
    story.decision.refresh_from_db()
    drafts.set_workload(
        story.decision,
        fields={"input_tokens_per_month": tokens, "output_tokens_per_month": 3e8},
        by=story.manager,
        at=at,
        version=story.decision.version,
    )


def reviews_of(story):
    return Review.objects.filter(decision=story.decision).order_by("pk")


def test_every_quarter_gets_its_review_for_years(story):
    day = NOW
    for _ in range(8):
        day += timedelta(days=91)
        for review in reviews_of(story).exclude(state="signed"):
            sign(story, review, at=day)
        assert cadence.schedule(now=day) == 1
    assert reviews_of(story).count() == 9


def sign(story, review, *, at):
    reviews.submit(review, note="", by=story.manager, at=at)
    reviews.sign_off(review, note="", by=story.approver, at=at)


def test_a_clock_that_jumps_makes_no_second_and_no_past_review(story):
    assert cadence.schedule(now=NOW - timedelta(days=200)) == 0
    assert cadence.schedule(now=NOW + timedelta(days=400)) == 1
    assert cadence.schedule(now=NOW) == 0
    assert cadence.schedule(now=NOW + timedelta(days=60)) == 1


def test_a_signature_before_the_submission_is_refused(submitted):
    with pytest.raises(reviews.NotAllowed, match="clock"):
        earlier = NOW - timedelta(hours=1)
        reviews.sign_off(submitted.review, note="", by=submitted.approver, at=earlier)


def test_a_quarter_that_ends_as_clocks_change_ends_for_each_reader_on_their_day(db):
    # On 31 March 2024 Berlin's clocks went forward: its day had 23 hours.
    story = stories.ready(at=datetime(2024, 3, 1, tzinfo=UTC))
    assert story.review.due_on == date(2024, 3, 31)
    story.manager.time_zone = "Europe/Berlin"
    before, after = datetime(2024, 3, 31, 21, 59, tzinfo=UTC), datetime(2024, 3, 31, 22, tzinfo=UTC)
    assert story.manager.today(before) == date(2024, 3, 31)
    assert story.manager.today(after) == date(2024, 4, 1)
    assert cadence.schedule(now=after) == 0
    assert cadence.schedule(now=after + timedelta(hours=2)) == 1


def test_months_count_from_the_last_sign_off(signed):
    decision = signed.decision
    assert cadence.next_due(decision) == date(2027, 3, 31)
    assert cadence.set_months(decision, months=6, was=None, by=signed.manager, at=NOW)
    assert cadence.next_due(decision) == date(2027, 5, 20)
    assert not cadence.set_months(decision, months=1, was=None, by=signed.manager, at=NOW)
    assert cadence.schedule(now=NOW + timedelta(days=60)) == 0
    assert cadence.schedule(now=NOW + timedelta(days=100)) == 1
    assert reviews_of(signed).last().due_on == date(2027, 5, 20)
    assert records.held_by(Snapshot.objects.get())["review"]["next_due_on"] == "2027-03-31"


def test_a_workload_that_moved_by_a_quarter_opens_an_early_review_once(signed):
    set_volume(signed, 1.2e9)
    assert reviews_of(signed).count() == 1
    set_volume(signed, 1.4e9)
    early = reviews_of(signed).last()
    assert (early.period, early.state) == ("2026 Q4.2", "open")
    assert early.due_on == NOW.date() + timedelta(days=14)
    assert "+31%" in early.early_because
    set_volume(signed, 3e9)
    assert reviews_of(signed).count() == 2


def test_a_scheduled_review_is_brought_forward_instead_of_a_second_one(signed):
    later = NOW + timedelta(days=60)
    cadence.schedule(now=later)
    cadence.bring_forward(signed.decision, because="Managed is cheaper.", at=later)
    review = reviews_of(signed).last()
    assert (review.period, review.state, review.early_because) == (
        "2027 Q1",
        "open",
        "Managed is cheaper.",
    )
    assert cadence.bring_forward(signed.decision, because="Again.", at=later) is None


def test_the_database_keeps_one_unfinished_review_a_quarter(story):
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            decision=story.decision,
            year=2026,
            quarter=4,
            number=2,
            due_on=NOW.date(),
            created_at=NOW,
        )


def test_a_withdrawn_submission_is_not_signed_and_may_come_again(submitted):
    review = submitted.review
    with pytest.raises(reviews.NotAllowed, match="Say why"):
        reviews.withdraw(review, reason=" ", by=submitted.manager, at=NOW)
    reviews.withdraw(review, reason="A price is wrong.", by=submitted.manager, at=NOW)
    with pytest.raises(reviews.NotAllowed, match="withdrawn"):
        reviews.sign_off(review, note="", by=submitted.approver, at=NOW)
    sign(submitted, review, at=NOW)
    assert review.state == "signed"


def test_the_last_signature_needed_freezes_and_everybody_signs_once(story):
    Team.objects.update(approvals_needed=2)
    second = stories.person(story.team, "second@example.org", "approver")
    review = story.review
    reviews.submit(review, note="", by=story.manager, at=NOW)
    assert not reviews.sign_off(review, note="One.", by=story.approver, at=NOW)
    with pytest.raises(reviews.NotAllowed, match="signed this submission already"):
        reviews.sign_off(review, note="", by=story.approver, at=NOW)
    assert (review.state, Snapshot.objects.count()) == ("submitted", 0)
    assert reviews.sign_off(review, note="Two.", by=second, at=NOW, how="passkey")
    held = records.held_by(Snapshot.objects.get())["review"]
    assert [a["note"] for a in held["approvals"]] == ["One.", "Two."]
    assert [a["confirmed_with"] for a in held["approvals"]] == ["password", "passkey"]


def test_signatures_under_an_older_submission_count_no_more(story):
    Team.objects.update(approvals_needed=2)
    second = stories.person(story.team, "second@example.org", "approver")
    review = story.review
    reviews.submit(review, note="", by=story.manager, at=NOW)
    reviews.sign_off(review, note="", by=story.approver, at=NOW)
    reviews.submit(review, note="", by=story.manager, at=NOW)
    assert not reviews.sign_off(review, note="", by=second, at=NOW)
    assert reviews.sign_off(review, note="", by=story.approver, at=NOW)
    assert Approval.objects.count() == 3


def test_a_team_with_too_few_approvers_is_told_at_submission(story):
    Team.objects.update(approvals_needed=3)
    with pytest.raises(reviews.NotAllowed, match="needs 3 signatures and has 1"):
        reviews.submit(story.review, note="", by=story.manager, at=NOW)


def delegate(story, **fields):
    viewer = stories.person(story.team, "viewer@example.org", "viewer")
    days = {"from_on": NOW.date(), "until_on": NOW.date() + timedelta(days=3), **fields}
    return viewer, delegations.make(story.team, delegate=viewer, by=story.approver, at=NOW, **days)


def test_a_delegate_signs_on_the_days_named_and_both_names_are_kept(submitted):
    viewer, _ = delegate(submitted)
    with pytest.raises(reviews.NotAllowed, match="Only an approver"):
        late = NOW + timedelta(days=4)
        reviews.sign_off(submitted.review, note="", by=viewer, at=late)
    reviews.sign_off(submitted.review, note="", by=viewer, at=NOW)
    held = records.held_by(Snapshot.objects.get())["review"]["approvals"][0]
    assert held["by"] == viewer.get_full_name()
    assert held["for"] == submitted.approver.get_full_name()


def test_the_days_of_a_delegation_are_the_approvers_own(submitted):
    submitted.approver.time_zone = "Pacific/Auckland"
    submitted.approver.save()
    _, made = delegate(submitted, until_on=NOW.date())
    made = Delegation.objects.get(pk=made.pk)
    # Midnight in Auckland is 11:00 UTC in November.
    assert made.holds(NOW.replace(hour=10, minute=59))
    assert not made.holds(NOW.replace(hour=11))


def test_a_delegation_that_ended_or_whose_approver_left_signs_nothing(submitted):
    viewer, made = delegate(submitted)
    submitted.team.memberships.filter(user=submitted.approver).update(role="viewer")
    with pytest.raises(reviews.NotAllowed, match="Only an approver"):
        reviews.sign_off(submitted.review, note="", by=viewer, at=NOW)
    submitted.team.memberships.filter(user=submitted.approver).update(role="approver")
    assert delegations.end(made, by=submitted.approver, at=NOW)
    assert not delegations.end(made, by=submitted.approver, at=NOW)
    with pytest.raises(reviews.NotAllowed, match="Only an approver"):
        reviews.sign_off(submitted.review, note="", by=viewer, at=NOW)


def test_a_preparers_right_is_not_used_by_their_delegate(story):
    viewer, _ = delegate(story)
    stories.person(story.team, "second@example.org", "approver")
    reviews.submit(story.review, note="", by=story.approver, at=NOW)
    with pytest.raises(reviews.NotAllowed, match="prepared or signed"):
        reviews.sign_off(story.review, note="", by=viewer, at=NOW)


def test_what_moved_since_the_page_was_opened_is_shown_and_not_signed(submitted):
    review = submitted.review
    saw = seen.from_text(seen.now(review, standing.answer(review.decision)).as_text())
    set_volume(submitted, 2e9)
    reviews.submit(review, note="", by=submitted.manager, at=NOW)
    with pytest.raises(reviews.Moved) as refused:
        reviews.sign_off(review, note="", by=submitted.approver, at=NOW, saw=saw)
    moved = {c.what: (c.old, c.new) for c in refused.value.changes}
    assert moved["workload: input_tokens_per_month"] == (1e9, 2e9)
    assert Approval.objects.count() == 0


def test_what_a_page_did_not_write_is_not_believed():
    with pytest.raises(seen.Unreadable):
        seen.from_text("nonsense")


def test_a_team_that_reads_first_refuses_a_signature_with_an_unticked_part(signed):
    Team.objects.update(read_before_sign=True)
    set_volume(signed, 2e9)
    review = reviews_of(signed).last()
    reviews.submit(review, note="", by=signed.manager, at=NOW)
    with pytest.raises(reviews.NotAllowed, match="Not ticked: Workload"):
        reviews.sign_off(review, note="", by=signed.approver, at=NOW, parts_read=["money"])
    parts = ["money", "workload"]
    assert reviews.sign_off(review, note="", by=signed.approver, at=NOW, parts_read=parts)


def test_a_mention_is_mailed_to_members_only(story, do_work):
    stories.person(None, "stranger@example.org")
    text = "@approver please look, @stranger too. Not a call: mail@approver.org"
    reviews.comment(story.review, text=text, by=story.manager, at=NOW)
    do_work()
    assert [m.to for m in mail.outbox] == [["approver@example.org"]]
    assert "approver" in AuditEvent.objects.get(what="review commented").after


def test_a_mention_is_a_notice_that_waits_for_the_mail_server_and_can_be_turned_off(
    story, do_work, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    reviews.comment(story.review, text="@approver look", by=story.manager, at=NOW)
    do_work()
    told = Delivery.objects.select_related("job").get()
    assert (told.kind, told.state) == ("mention", "waiting")
    assert "cannot be used" in told.job.error
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliveries.retry(told, by=story.manager, at=timezone.now())
    do_work()
    (letter,) = mail.outbox
    assert letter.extra_headers["Message-ID"] == told.message_id
    assert f"/reviews/{story.review.pk}/" in letter.body and "@approver look" in letter.body
    notices.choose(story.approver, wanted=[])
    reviews.comment(story.review, text="@approver again", by=story.manager, at=NOW)
    assert Delivery.objects.count() == 1


def test_a_mention_of_somebody_who_left_the_team_is_dropped(story, do_work):
    reviews.comment(story.review, text="@approver look", by=story.manager, at=NOW)
    story.team.memberships.filter(user=story.approver).delete()
    do_work()
    assert mail.outbox == []
    assert "left Search" in Delivery.objects.get().dropped_because
