"""Which reviews wait for whom?"""

from django.db.models import F, Q

from decisions import access
from decisions.models import Approval, Review, User

State = Review.State
TO_PREPARE = (State.SCHEDULED, State.OPEN, State.RETURNED, State.WITHDRAWN)


def to_prepare(user: User) -> Q:
    """Return which reviews this person may prepare and submit next."""
    return Q(decision__team__in=access.teams_edited_by(user), state__in=TO_PREPARE)


def to_submit_again(user: User) -> Q:
    """Return which submissions that are out of date this person prepared."""
    return Q(submitted_by=user, state=State.SUBMITTED) & ~Q(
        submitted_version=F("decision__version")
    )


def to_sign(user: User) -> Q:
    """Return which reviews wait for this person's signature."""
    signed = Approval.objects.filter(person=user, submission=F("review__submission"))
    return Q(
        ~Q(submitted_by=user),
        ~Q(pk__in=signed.values("review")),
        decision__team__in=access.teams_signed_by(user),
        state=State.SUBMITTED,
        submitted_version=F("decision__version"),
    )
