"""Who signs while an approver is away?

An approver names another member of the team, from a day to a day. Both names stand in the record. The
right stays the approver's: it ends with their role, and one right signs a review once.
"""

from datetime import date, datetime

from django.db import transaction

from decisions import access, audit
from decisions.models import Delegation, Team, User


class Refused(Exception):
    """A delegation that cannot be made: `field` names what is wrong, `says` why."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


def make(
    team: Team, *, delegate: User, from_on: date, until_on: date, by: User, at: datetime
) -> Delegation:
    """Let `delegate` sign for `by` from a day to a day, both included, in the time zone of `by`."""
    if not access.approvers_of(team).filter(pk=by.pk).exists():
        raise Refused("", "Only an approver of the team has a signature to hand on.")
    if not access.delegates_of(team, approver=by).filter(pk=delegate.pk).exists():
        raise Refused("delegate", "Pick another active member of the team.")
    if until_on < from_on:
        raise Refused("until_on", "The last day is before the first.")
    if until_on < by.today(at):
        raise Refused("until_on", "This day is over.")
    with transaction.atomic():
        Team.objects.select_for_update().get(pk=team.pk)
        if _overlapping(team, approver=by, from_on=from_on, until_on=until_on):
            raise Refused("from_on", "Somebody signs for you on some of these days already.")
        made = Delegation.objects.create(
            team=team,
            approver=by,
            delegate=delegate,
            from_on=from_on,
            until_on=until_on,
            made_at=at,
        )
        _note("delegation made", made, by=by, at=at)
    return made


def _overlapping(team: Team, *, approver: User, from_on: date, until_on: date) -> bool:
    running = team.delegations.filter(approver=approver, ended_at=None)
    return running.filter(from_on__lte=until_on, until_on__gte=from_on).exists()


def end(delegation: Delegation, *, by: User, at: datetime) -> bool:
    """Take the right back now; False when that was done before."""
    with transaction.atomic():
        ended = Delegation.objects.filter(pk=delegation.pk, ended_at=None).update(ended_at=at)
        if ended:
            _note("delegation ended", delegation, by=by, at=at)
    return bool(ended)


def _note(what: str, delegation: Delegation, *, by: User, at: datetime) -> None:
    after = {
        "approver": delegation.approver.get_full_name(),
        "delegate": delegation.delegate.get_full_name(),
        "from_on": delegation.from_on.isoformat(),
        "until_on": delegation.until_on.isoformat(),
        "time_zone": delegation.approver.time_zone,
    }
    audit.write(what, by=by, at=at, subject=delegation.team, team=delegation.team.name, after=after)
