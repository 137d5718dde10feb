"""How does a review go from scheduled to signed off?

scheduled → open → submitted → signed off; a submission is returned by an approver, or withdrawn by who
prepares, and may then be submitted again. A team may need several signatures: the last one freezes.
Every step is one conditional UPDATE and its audit event in one transaction, so of two people who act at
once exactly one succeeds and the other is told.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from decisions import access, audit, changes, flags, mentions, readiness, records, seen, standing
from decisions.models import Approval, Comment, Decision, Review, User
from decisions.readiness import NotAllowed as NotAllowed

State = Review.State


class Moved(NotAllowed):
    """What is stored is not what the signer saw: `changes` says what moved, from old to new."""

    def __init__(self, says: str, saw: seen.Seen, answered: standing.Answered) -> None:
        super().__init__(f"{says} Look at what moved, then sign again. Nothing was signed.")
        self.changes = seen.moved(saw, answered)


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
    """Hand the review to the approvers; the version that is submitted is kept.

    Submitting again after a change replaces the submission: signatures under the old one stay
    written down and count no more.
    """
    decision = review.decision
    readiness.refuse_too_few_approvers(decision.team, by=by)
    readiness.refuse_unready(decision)
    _move(
        review,
        expected=[State.SCHEDULED, State.OPEN, State.RETURNED, State.WITHDRAWN, State.SUBMITTED],
        to=State.SUBMITTED,
        what="review submitted",
        by=by,
        at=at,
        submission=F("submission") + 1,
        submitted_by=by,
        submitted_by_name=by.get_full_name(),
        submitted_at=at,
        submitted_version=decision.version,
        submit_note=note,
    )


def withdraw(review: Review, *, reason: str, by: User, at: datetime) -> None:
    """Take the submission back before it is signed off, with the reason."""
    if not reason.strip():
        raise NotAllowed("Say why it is withdrawn, so that the approver knows.")
    _move(
        review,
        expected=[State.SUBMITTED],
        to=State.WITHDRAWN,
        what="review withdrawn",
        by=by,
        at=at,
        withdrawn_by_name=by.get_full_name(),
        withdrawn_at=at,
        withdraw_reason=reason,
    )


def give_back(review: Review, *, reason: str, by: User, at: datetime) -> None:
    """Return the submission to those who prepare it, with the reason."""
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


def sign_off(
    review: Review,
    *,
    note: str,
    by: User,
    at: datetime,
    how: str = Approval.How.PASSWORD,
    saw: seen.Seen | None = None,
    parts_read: Sequence[str] = (),
) -> bool:
    """Sign the submission; with the last signature needed, freeze all that is known.

    `saw` is what the signer had on the page (None: what is stored now), `how` how they showed who
    they are. Returns whether the review is signed off by it. Raises `NotAllowed` for the preparer,
    for anyone who is neither an approver nor signs for one, for a second signature of one person
    or right, when the decision changed after it was submitted, and when somebody was faster; and
    its kind `Moved` when what is stored now is not what was seen.
    """
    with transaction.atomic():
        # Decision, review, audit chain: everybody locks in this order.
        decision = _hold_decision(review.decision)
        held = Review.objects.select_for_update().get(pk=review.pk)
        held.decision = decision
        seat = _seat(held, by=by, at=at)
        answered = readiness.refuse_unready(decision)
        if held.is_stale:
            raise NotAllowed(
                "The decision changed after it was submitted. It has to be submitted again, so "
                "that you sign what was prepared."
            )
        now = seen.now(held, answered)
        _refuse_moved(saw or now, now, answered)
        readiness.refuse_unread(decision, answered, parts_read)
        Approval.objects.create(
            review=held,
            submission=held.submission,
            person=by,
            person_name=by.get_full_name(),
            seat=seat,
            seat_name=seat.get_full_name(),
            prepared_by_name=held.submitted_by_name,
            signed_at=at,
            signed_in_how=how,
            note=note,
            seen_sha256=now.sha256,
            parts_read=list(parts_read),
        )
        done = approvals_of(held).count() >= decision.team.approvals_needed
        _write_signature(held, seat=seat, done=done, note=note, by=by, at=at, how=how, now=now)
        if done:
            flags.set_triggers(decision, answered.asked.raw, at=at)
    review.refresh_from_db()
    return done


def _write_signature(
    review: Review,
    *,
    seat: User,
    done: bool,
    note: str,
    by: User,
    at: datetime,
    how: str,
    now: seen.Seen,
) -> None:
    after = {
        "for": seat.get_full_name(),
        "confirmed_with": how,
        "seen_sha256": now.sha256,
        "signatures": approvals_of(review).count(),
    }
    if not done:
        _note("review signed, more signatures needed", review, by=by, at=at, after=after)
        return
    _move(
        review,
        expected=[State.SUBMITTED],
        to=State.SIGNED,
        what="review signed off",
        by=by,
        at=at,
        also=lambda signed: records.freeze(signed, by=by, at=at),
        after=after,
        signed_by=by,
        signed_by_name=by.get_full_name(),
        signed_at=at,
        sign_note=note,
    )


def approvals_of(review: Review) -> QuerySet[Approval]:
    """Return the signatures under the review's newest submission, in their order."""
    return review.approvals.filter(submission=review.submission)


def _seat(review: Review, *, by: User, at: datetime) -> User:
    """Return the approver whose right is used: the signer's own, or one who delegated to them."""
    if review.submitted_by_id == by.pk:
        raise NotAllowed("You submitted this review. Somebody else has to sign it off.")
    if review.state != State.SUBMITTED:
        raise NotAllowed(_why_not(review))
    if review.submitted_at is not None and at < review.submitted_at:
        raise NotAllowed(
            f"The clock says {at:%d %B %Y, %H:%M:%S} UTC, which is before the submission. Sign in a "
            "moment; if this stays, the clock of the machine is wrong."
        )
    seats = access.seats_of(by, review.decision.team, at=at)
    if not seats:
        raise NotAllowed("Only an approver of the team, or who signs for one, signs reviews off.")
    given = approvals_of(review)
    if given.filter(person_name=by.get_full_name()).exists():
        raise NotAllowed("You signed this submission already. Somebody else has to sign it too.")
    used = {*given.values_list("seat_name", flat=True), review.submitted_by_name}
    free = [seat for seat in seats if seat.get_full_name() not in used]
    if not free:
        raise NotAllowed(
            f"{seats[0]} prepared or signed this submission already: one right signs it once."
        )
    return free[0]


def _refuse_moved(saw: seen.Seen, now: seen.Seen, answered: standing.Answered) -> None:
    if saw.submission != now.submission:
        raise Moved("It was submitted again after you opened the page.", saw, answered)
    if saw.sha256 != now.sha256:
        raise Moved("Prices or inputs moved after you opened the page.", saw, answered)


def _hold_decision(decision: Decision) -> Decision:
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
        called = mentions.tell(said, by=by, at=at)
        after = {"text": text, "mentions": [person.get_full_name() for person in called]}
        _note("review commented", review, by=by, at=at, after=after)
    return said


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
    also: Callable[[Review], object] | None = None,
    after: Mapping[str, Any] | None = None,
    **fields: Any,
) -> None:
    with transaction.atomic():
        was = Review.objects.filter(pk=review.pk).values_list("state", flat=True).first()
        moved = Review.objects.filter(pk=review.pk, state__in=expected).update(state=to, **fields)
        review.refresh_from_db()
        if not moved:
            raise NotAllowed(_why_not(review))
        after = {"state": str(to), **(after or {})}
        _note(what, review, by=by, at=at, before={"state": was}, after=after)
        if also is not None:
            also(review)


def _why_not(review: Review) -> str:
    if review.state == State.SIGNED:
        when = review.signed_at.strftime("%d %B %Y at %H:%M UTC") if review.signed_at else ""
        return f"{review.signed_by_name} signed this review off on {when}."
    return f"This review is {review.get_state_display().lower()}, so this step is not open now."


def _note(what: str, review: Review, *, by: User | str, at: datetime, **texts: Any) -> None:
    audit.write(what, by=by, at=at, subject=review, team=review.decision.team.name, **texts)
