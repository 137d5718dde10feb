"""How is a team founded, and how do people join it, change role and leave?

A team always keeps somebody who manages it. Every change leaves an audit event, in one transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from decisions import audit, flags, standing
from decisions.models import Decision, Membership, Team, User

MANAGER = Membership.Role.MANAGER


class Refused(Exception):
    """A change that cannot be made: `field` names what is wrong and `says` why, for the form."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


def found(
    *,
    name: str,
    currency: str,
    loaded_cost_per_fte_year: Decimal | None,
    by: User,
    at: datetime,
    approvals_needed: int = 1,
    read_before_sign: bool = False,
) -> Team:
    """Return a new team, with the person who founds it as its manager."""
    with transaction.atomic():
        _refuse_second_name(name)
        team = Team.objects.create(
            name=name,
            currency=currency,
            loaded_cost_per_fte_year=loaded_cost_per_fte_year,
            approvals_needed=approvals_needed,
            read_before_sign=read_before_sign,
        )
        Membership.objects.create(team=team, user=by, role=MANAGER)
        after = {"name": name, "manager": by.get_full_name()}
        _note("team founded", team, by=by, at=at, after=after)
    return team


def change_settings(team: Team, *, fields: Mapping[str, Any], by: User, at: datetime) -> None:
    """Change name, currency for new decisions, the cost of people, or how reviews are signed.

    The cost of people enters every decision of the team, so each counts as changed.
    """
    with transaction.atomic():
        _refuse_second_name(fields["name"], but=team)
        before = {name: getattr(team, name) for name in fields}
        Team.objects.filter(pk=team.pk).update(**fields)
        team.refresh_from_db()
        if before["loaded_cost_per_fte_year"] != fields["loaded_cost_per_fte_year"]:
            # Before the audit event: everybody locks decisions first and the chain last.
            _recalculate(team, at=at)
        _note("team changed", team, by=by, at=at, before=before, after=fields)


def _recalculate(team: Team, *, at: datetime) -> None:
    live = team.decisions.filter(archived_at=None)
    live.update(version=F("version") + 1)
    for decision in Decision.objects.filter(pk__in=live):
        answered = standing.update(decision, at=at)
        flags.set_triggers(decision, answered.asked.raw, at=at)


def add_member(team: Team, *, email: str, role: str, by: User, at: datetime) -> Membership:
    """Return the membership of a person who has an account."""
    person = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if person is None:
        raise Refused("email", "Nobody with this address has an account yet: they sign up first.")
    if person.is_auditor:
        raise Refused("email", f"{person} is an auditor: reads every team already, changes none.")
    with transaction.atomic():
        member, created = Membership.objects.get_or_create(
            team=team, user=person, defaults={"role": role}
        )
        if not created:
            raise Refused("email", f"{person} is in this team already: change the role below.")
        _note("member added", team, by=by, at=at, after=_values(member))
    return member


def change_role(member: Membership, *, role: str, by: User, at: datetime) -> None:
    """Give a member another role; refused when the team would be left without a manager."""
    with transaction.atomic():
        member = _hold(member)
        if role != MANAGER:
            _refuse_last_manager(member)
        before = _values(member)
        Membership.objects.filter(pk=member.pk).update(role=role)
        after = {**before, "role": role}
        _note("role changed", member.team, by=by, at=at, before=before, after=after)


def remove_member(member: Membership, *, by: User, at: datetime) -> None:
    """Take a person out of the team; refused for its last manager."""
    with transaction.atomic():
        member = _hold(member)
        _refuse_last_manager(member)
        _note("member removed", member.team, by=by, at=at, before=_values(member))
        member.delete()


def _hold(member: Membership) -> Membership:
    """Return the member as stored now, with its team locked: two managers cannot both leave."""
    Team.objects.select_for_update().get(pk=member.team_id)
    found = Membership.objects.filter(pk=member.pk).select_related("team", "user").first()
    if found is None:
        raise Refused("", "This person has left the team already.")
    return found


def _refuse_last_manager(member: Membership) -> None:
    others = member.team.memberships.filter(role=MANAGER, user__is_active=True)
    if member.role == MANAGER and not others.exclude(pk=member.pk).exists():
        raise Refused("", f"{member.user} is the last manager: make somebody else a manager first.")


def _refuse_second_name(name: str, *, but: Team | None = None) -> None:
    same = Team.objects.filter(name=name)
    if but is not None:
        same = same.exclude(pk=but.pk)
    if same.exists():
        raise Refused("name", "There is a team of this name already.")


def _values(member: Membership) -> dict[str, Any]:
    return {"person": member.user.get_full_name(), "role": member.role}


def _note(
    what: str,
    team: Team,
    *,
    by: User,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    def plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {k: str(v) if isinstance(v, Decimal) else v for k, v in values.items()}

    audit.write(
        what, by=by, at=at, subject=team, team=team.name, before=plain(before), after=plain(after)
    )
