"""How does a review go from scheduled to signed off?

Every step is one conditional UPDATE and its audit event in one transaction, so of two people who act at
once exactly one succeeds and the other is told.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from decisions import access, audit, changes, quarters, records, standing
from decisions.models import Comment, Decision, Review, User

State = Review.State


class NotAllowed(Exception):
    """A step that the review's state, or the person, does not allow; its text says why."""


def schedule(*, now: datetime) -> int:
    """Make the current quarter's review for every decision that has none; return how many."""
    year, quarter = quarters.of(now.date())
    missing = Decision.objects.filter(archived_at__isnull=True).exclude(
        reviews__year=year, reviews__quarter=quarter
    )
    return sum(schedule_for(decision, now=now) is not None for decision in missing)


def schedule_for(decision: Decision, *, now: datetime) -> Review | None:
    """Make the current quarter's review of one decision; None when it is there already."""
    year, quarter = quarters.of(now.date())
    with transaction.atomic():
        review, created = Review.objects.get_or_create(
            decision=decision,
            year=year,
            quarter=quarter,
            defaults={"due_on": quarters.last_day(year, quarter), "created_at": now},
        )
        if created:
            _note("review scheduled", review, by="system:schedule", at=now)
    return review if created else None


def open_review(review: Review, *, by: User, at: datetime) -> None:
    """Start preparing the review."""
    _move(
        review,
        expected=[State.SCHEDULED],
        to=State.OPEN,
        what="review opened",
        by=by,
        at=at,
        opened_at=at,
        opened_by_name=by.get_full_name(),
    )


def submit(review: Review, *, note: str, by: User, at: datetime) -> None:
    """Hand the review to an approver; the version that is submitted is kept.

    Submitting again after a change replaces the submission.
    """
    decision = review.decision
    if not access.approvers_of(decision.team).exclude(pk=by.pk).exists():
        raise NotAllowed(
            f"{decision.team} has no approver beside you: add one to the team, then submit."
        )
    _refuse_unready(decision, at=at)
    _move(
        review,
        expected=[State.SCHEDULED, State.OPEN, State.RETURNED, State.SUBMITTED],
        to=State.SUBMITTED,
        what="review submitted",
        by=by,
        at=at,
        submitted_by=by,
        submitted_by_name=by.get_full_name(),
        submitted_at=at,
        submitted_version=decision.version,
        submit_note=note,
    )


def _refuse_unready(decision: Decision, *, at: datetime) -> None:
    decision.refresh_from_db()
    if decision.chosen_id is None:
        raise NotAllowed("No option is chosen yet. Choose one on the compare page, then submit.")
    answered = standing.answer(decision)
    if answered.result is None or answered.reading is None:
        raise NotAllowed("The decision cannot be evaluated: " + " ".join(answered.faults))
    if answered.reading.gates_missing:
        raise NotAllowed(f"The checklist is not complete: {answered.reading.says}")
    blocking = [m["says"] for m in answered.result["mistakes"] if m["severity"] == "blocks"]
    if blocking:
        raise NotAllowed("This must be mended first: " + " ".join(blocking))


def give_back(review: Review, *, reason: str, by: User, at: datetime) -> None:
    """Return the review to those who prepare it, with the reason."""
    if not reason.strip():
        raise NotAllowed("Say what has to change, so that the preparer knows.")
    _move(
        review,
        expected=[State.SUBMITTED],
        to=State.RETURNED,
        what="review returned",
        by=by,
        at=at,
        returned_by_name=by.get_full_name(),
        returned_at=at,
        return_reason=reason,
    )


def sign_off(review: Review, *, note: str, by: User, at: datetime) -> None:
    """Sign the review off: freeze all that is known, and ask for the PDF of it.

    Refused for the preparer, for anyone who is no approver of the team, when the decision changed
    after it was submitted, and when somebody signed first.
    """
    review.refresh_from_db()
    if review.submitted_by_id == by.pk:
        raise NotAllowed("You submitted this review. Somebody else has to sign it off.")
    if not access.teams_approved_by(by).filter(pk=review.decision.team_id).exists():
        raise NotAllowed("Only an approver of the team signs reviews off.")

    def freeze_it(signed: Review) -> None:
        # Inside the transaction that holds the review: nothing can change in between.
        signed.decision = _hold(signed.decision)
        _refuse_unready(signed.decision, at=at)
        if is_outdated(signed):
            raise NotAllowed(
                "The decision changed after it was submitted. It has to be submitted again, so "
                "that you sign what was prepared."
            )
        records.freeze(signed, by=by, at=at)

    _move(
        review,
        expected=[State.SUBMITTED],
        to=State.SIGNED,
        what="review signed off",
        by=by,
        at=at,
        also=freeze_it,
        signed_by=by,
        signed_by_name=by.get_full_name(),
        signed_at=at,
        sign_note=note,
    )


def _hold(decision: Decision) -> Decision:
    held = Decision.objects.select_related("team", "chosen", "workload")
    if connection.features.has_select_for_update:
        held = held.select_for_update(of=("self",))
    return held.get(pk=decision.pk)


def comment(review: Review, *, text: str, by: User, at: datetime) -> Comment:
    """Add to what is said about the review."""
    if not text.strip():
        raise NotAllowed("A comment needs text.")
    with transaction.atomic():
        said = Comment.objects.create(
            review=review, author_name=by.get_full_name(), written_at=at, text=text
        )
        _note("review commented", review, by=by, at=at, after={"text": text})
    return said


def is_outdated(review: Review) -> bool:
    """Return whether the decision changed after the review was submitted."""
    return (
        review.submitted_version is not None and review.decision.version != review.submitted_version
    )


def changes_since_last(review: Review) -> list[changes.Change]:
    """Return what changed since the decision's last signed record; empty when there is none."""
    return changes.since_last_signed(review.decision, standing.answer(review.decision))


def _move(
    review: Review,
    *,
    expected: list[Review.State],
    to: Review.State,
    what: str,
    by: User,
    at: datetime,
    also: Callable[[Review], None] | None = None,
    **fields: Any,
) -> None:
    with transaction.atomic():
        was = Review.objects.filter(pk=review.pk).values_list("state", flat=True).first()
        moved = Review.objects.filter(pk=review.pk, state__in=expected).update(state=to, **fields)
        review.refresh_from_db()
        if not moved:
            raise NotAllowed(_why_not(review))
        _note(what, review, by=by, at=at, before={"state": was}, after={"state": str(to)})
        if also is not None:
            also(review)


def _why_not(review: Review) -> str:
    if review.state == State.SIGNED:
        when = review.signed_at.strftime("%d %B %Y at %H:%M UTC") if review.signed_at else ""
        return f"{review.signed_by_name} signed this review off on {when}."
    return f"This review is {review.get_state_display().lower()}, so this step is not open now."


def _note(what: str, review: Review, *, by: User | str, at: datetime, **texts: Any) -> None:
    audit.write(what, by=by, at=at, subject=review, team=review.decision.team.name, **texts)
