"""When does a decision need another look, and who has looked?

`crossings` holds the alert rule. A flag is open once per decision and kind; acknowledging it keeps it
quiet until what it says is over, and turning it into an early review answers it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from decisions import audit, cadence, crossings, questions, standing, triggers
from decisions.models import Decision, Flag, Review, Standing, User

# A price that ends is said so this long before.
NOTICE = timedelta(days=14)


def recheck(decision: Decision, *, at: datetime) -> None:
    """Evaluate the decision at the newest prices, and open or close its flags."""
    answered = standing.answer(decision)
    found = crossings.compare(decision, answered)
    with transaction.atomic():
        # Everybody locks in this order: decision, what belongs to it, audit chain.
        Decision.objects.select_for_update().get(pk=decision.pk)
        standing.store(decision, answered, at=at)
        flagged = decision.flags.filter(kind=Flag.Kind.CROSSED, closed_at=None).exists()
        crossings.note(decision, found, is_flagged=flagged, at=at)
        crossing = crossings.says(decision, Standing.objects.get(decision=decision), at=at)
        if crossing and not flagged:
            cadence.bring_forward(decision, because=crossing, at=at)
        _set(decision, Flag.Kind.CROSSED, says=crossing, at=at)
        _set(decision, Flag.Kind.PRICE_GONE, says=_gone(answered), at=at)
        _set(decision, Flag.Kind.PRICE_ENDS, says=_ending(answered, at=at), at=at)
        set_triggers(decision, answered.asked.raw, at=at)


def set_triggers(decision: Decision, question: Mapping[str, Any], *, at: datetime) -> None:
    """Open or close the flags of what happened beside prices since the last signature."""
    for kind, says in triggers.find(decision, question, at=at).items():
        _set(decision, kind, says=says, at=at)


def look_at_triggers(decision: Decision, *, at: datetime) -> None:
    """Do the same for a decision of which nothing else is known to have changed."""
    question = questions.ask(decision).raw
    with transaction.atomic():
        Decision.objects.select_for_update().get(pk=decision.pk)
        set_triggers(decision, question, at=at)


def _gone(answered: standing.Answered) -> str:
    gone = sorted({p.option for p in answered.asked.prices if p.is_withdrawn})
    if not gone:
        return ""
    return f"The provider no longer offers what {', '.join(gone)} uses; its last price is kept."


def _ending(answered: standing.Answered, *, at: datetime) -> str:
    """Return which prices end within the notice or have ended, "" when none does."""
    ends: dict[str, datetime] = {}
    for price in answered.asked.prices:
        if price.valid_until is not None and price.valid_until <= at + NOTICE:
            ends[price.option] = min(price.valid_until, ends.get(price.option, price.valid_until))
    return " ".join(
        f"The price that {option} uses {'ends' if until > at else 'ended'} on {until:%d %B %Y}."
        for option, until in sorted(ends.items())
    )


def _set(decision: Decision, kind: Flag.Kind, *, says: str, at: datetime) -> None:
    opened = Flag.objects.filter(decision=decision, kind=kind, closed_at=None)
    if not says:
        if opened.update(closed_at=at):
            _note("flag closed", decision, at=at, kind=kind)
        return
    if not opened.update(says=says):
        Flag.objects.create(decision=decision, kind=kind, says=says, opened_at=at)
        _note("flag opened", decision, at=at, kind=kind, says=says)


def _note(what: str, decision: Decision, *, at: datetime, **after: str) -> None:
    audit.write(
        what, by="system:recheck", at=at, subject=decision, team=decision.team.name, after=after
    )


def acknowledge(flag: Flag, *, reason: str, by: User, at: datetime) -> bool:
    """Note that somebody looked, and why nothing changes; False when somebody did so before."""
    with transaction.atomic():
        Decision.objects.select_for_update().get(pk=flag.decision_id)
        done = Flag.objects.filter(
            pk=flag.pk, acknowledged_at__isnull=True, closed_at__isnull=True
        ).update(acknowledged_by_name=by.get_full_name(), acknowledged_at=at, reason=reason)
        if done:
            audit.write(
                "flag acknowledged",
                by=by,
                at=at,
                subject=flag.decision,
                team=flag.decision.team.name,
                after={"kind": flag.kind, "reason": reason},
            )
    return bool(done)


def review_early(flag: Flag, *, by: User, at: datetime) -> Review | None:
    """Answer the flag by an early review: the one opened now, or the one that is being worked on.

    None when the decision has no review that could come early.
    """
    with transaction.atomic():
        review = cadence.bring_forward(flag.decision, because=flag.says, at=at, by=by)
        waiting = flag.decision.reviews.exclude(state=Review.State.SIGNED).order_by("due_on")
        review = review or waiting.first()
        if review is not None:
            acknowledge(flag, reason=f"Review {review.period} looks at it.", by=by, at=at)
    return review
