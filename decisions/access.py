"""Who may see, change and sign what? Every rule of the product, on one page.

| who | sees | changes | signs |
|---|---|---|---|
| viewer | own teams | nothing | nothing |
| manager | own teams | decisions and quotes of own teams; submits reviews | nothing |
| approver | own teams | the same as a manager | what somebody else submitted |
| auditor | everything | nothing | nothing |
| administrator | everything | teams, members, prices in quarantine; nothing of a decision | nothing |

What a person may not see does not exist for them: the answer is a 404, never a 403.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from decisions.models import (
    ApiToken,
    AuditEvent,
    Decision,
    Flag,
    Membership,
    Option,
    Review,
    Snapshot,
    Team,
    User,
)

EDITORS = (Membership.Role.MANAGER, Membership.Role.APPROVER)

Visitor = User | AnonymousUser


def person(request: HttpRequest) -> User:
    """Return who asks, or answer 404 to somebody who is not signed in."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _reads_all(user: Visitor) -> bool:
    return isinstance(user, User) and (user.is_auditor or user.is_administrator)


def teams_of(user: Visitor) -> QuerySet[Team]:
    """Return the teams that the person may read."""
    if not isinstance(user, User):
        return Team.objects.none()
    if _reads_all(user):
        return Team.objects.all()
    return Team.objects.filter(pk__in=user.memberships.values("team"))


def teams_edited_by(user: Visitor) -> QuerySet[Team]:
    """Return the teams whose decisions the person may change. An auditor has none."""
    return _teams_with_role(user, roles=EDITORS)


def teams_approved_by(user: Visitor) -> QuerySet[Team]:
    """Return the teams whose submitted reviews the person may sign."""
    return _teams_with_role(user, roles=(Membership.Role.APPROVER,))


def teams_administered_by(user: Visitor) -> QuerySet[Team]:
    """Return the teams whose members the person may change."""
    if isinstance(user, User) and user.is_administrator:
        return Team.objects.all()
    return _teams_with_role(user, roles=(Membership.Role.MANAGER,))


def _teams_with_role(user: Visitor, *, roles: tuple[Any, ...]) -> QuerySet[Team]:
    if not isinstance(user, User) or user.is_auditor:
        return Team.objects.none()
    return Team.objects.filter(pk__in=user.memberships.filter(role__in=roles).values("team"))


def may_add_team(user: Visitor) -> bool:
    """Return whether the person may found a team (and so becomes its manager)."""
    return isinstance(user, User) and not user.is_auditor


def may_see_team(user: Visitor, team_id: int) -> bool:
    """Return whether the person may read what belongs to the team, its quotes included."""
    return teams_of(user).filter(pk=team_id).exists()


def may_edit_team(user: Visitor, team_id: int) -> bool:
    """Return whether the person may change what belongs to the team, its quotes included."""
    return teams_edited_by(user).filter(pk=team_id).exists()


def may_judge_prices(user: Visitor) -> bool:
    """Return whether the person may accept or reject a price in quarantine."""
    return isinstance(user, User) and user.is_administrator


def may_retry_jobs(user: Visitor) -> bool:
    """Return whether the person may start failed background work of their teams again."""
    if isinstance(user, User) and user.is_administrator:
        return True
    return teams_edited_by(user).exists()


def decisions_of(user: Visitor) -> QuerySet[Decision]:
    """Return the decisions that the person may read."""
    return Decision.objects.filter(team__in=teams_of(user))


def team(user: Visitor, team_id: int) -> Team:
    """Return a team to read, or answer 404."""
    return get_object_or_404(teams_of(user), pk=team_id)


def team_to_edit(user: Visitor, team_id: int) -> Team:
    """Return a team whose decisions and quotes the person changes, or answer 404."""
    return get_object_or_404(teams_edited_by(user), pk=team_id)


def team_to_administer(user: Visitor, team_id: int) -> Team:
    """Return a team whose members the person changes, or answer 404."""
    return get_object_or_404(teams_administered_by(user), pk=team_id)


def decision(user: Visitor, decision_id: int) -> Decision:
    """Return a decision to read, or answer 404."""
    return get_object_or_404(decisions_of(user).select_related("team", "chosen"), pk=decision_id)


def decision_to_edit(user: Visitor, decision_id: int) -> Decision:
    """Return a decision to change, or answer 404."""
    found = Decision.objects.filter(team__in=teams_edited_by(user))
    return get_object_or_404(found.select_related("team", "chosen"), pk=decision_id)


def option_to_edit(user: Visitor, decision_id: int, option_id: int) -> Option:
    """Return an option of a decision to change, or answer 404."""
    found = Option.objects.filter(decision__team__in=teams_edited_by(user))
    return get_object_or_404(
        found.select_related("decision__team"), pk=option_id, decision_id=decision_id
    )


def reviews_of(user: Visitor) -> QuerySet[Review]:
    """Return the reviews that the person may read."""
    return Review.objects.filter(decision__team__in=teams_of(user)).select_related("decision__team")


def review(user: Visitor, review_id: int) -> Review:
    """Return a review to read, or answer 404."""
    return get_object_or_404(reviews_of(user), pk=review_id)


def review_to_edit(user: Visitor, review_id: int) -> Review:
    """Return a review to submit or comment, or answer 404."""
    return get_object_or_404(
        reviews_of(user).filter(decision__team__in=teams_edited_by(user)), pk=review_id
    )


def review_for_approver(user: Visitor, review_id: int) -> Review:
    """Return a review that the person's role may sign or return, or answer 404.

    Whether this very person may sign it (not what they submitted) is decided by the action.
    """
    return get_object_or_404(
        reviews_of(user).filter(decision__team__in=teams_approved_by(user)), pk=review_id
    )


def may_edit(user: Visitor, team: Team) -> bool:
    """Return whether buttons that change a decision of the team are shown."""
    return teams_edited_by(user).filter(pk=team.pk).exists()


def may_sign(user: Visitor, review: Review) -> bool:
    """Return whether the sign-off form is shown: an approver who is not the preparer."""
    return (
        review.submitted_by_id != getattr(user, "pk", None)
        and teams_approved_by(user).filter(pk=review.decision.team_id).exists()
    )


def approvers_of(team: Team) -> QuerySet[User]:
    """Return the people who may sign reviews of the team."""
    return User.objects.filter(
        is_active=True,
        is_auditor=False,
        memberships__team=team,
        memberships__role=Membership.Role.APPROVER,
    )


def editors_of(team: Team) -> QuerySet[User]:
    """Return the people who may fill in and submit reviews of the team."""
    return User.objects.filter(
        is_active=True,
        is_auditor=False,
        memberships__team=team,
        memberships__role__in=EDITORS,
    )


def flag_to_edit(user: Visitor, flag_id: int) -> Flag:
    """Return a flag to acknowledge, or answer 404."""
    found = Flag.objects.filter(decision__team__in=teams_edited_by(user))
    return get_object_or_404(found.select_related("decision__team"), pk=flag_id)


def snapshots_of(user: Visitor) -> QuerySet[Snapshot]:
    """Return the signed records that the person may read.

    Auditors and administrators also read those of teams that no longer exist.
    """
    if _reads_all(user):
        return Snapshot.objects.all()
    ids = [str(pk) for pk in teams_of(user).values_list("pk", flat=True)]
    return Snapshot.objects.filter(team_id_text__in=ids)


def snapshot(user: Visitor, record_id: str) -> Snapshot:
    """Return a signed record to read, or answer 404."""
    return get_object_or_404(snapshots_of(user), record_id=record_id)


def audit_events_of(user: Visitor) -> QuerySet[AuditEvent]:
    """Return the audit trail; only the organisation-wide roles read it."""
    if not _reads_all(user):
        raise Http404
    return AuditEvent.objects.all()


def api_token(user: Visitor, token_id: int) -> ApiToken:
    """Return one of the person's own keys, or answer 404."""
    return get_object_or_404(ApiToken, pk=token_id, user_id=user.pk)


def jobs_visible_to(user: Visitor) -> Q:
    """Return which background work the person sees: all of it for organisation-wide roles.

    Members see what carries their own teams' number, and what belongs to no team (prices).
    """
    if _reads_all(user):
        return Q()
    own = list(teams_of(user).values_list("pk", flat=True))
    return Q(payload__team_id__in=own) | Q(payload__team_id__isnull=True)


def jobs_retried_by(user: Visitor) -> Q:
    """Return which background work the person may start again: their teams', and the prices'."""
    if isinstance(user, User) and user.is_administrator:
        return Q()
    own = list(teams_edited_by(user).values_list("pk", flat=True))
    of_nobody = Q(payload__team_id__isnull=True) if own else Q(pk__isnull=True)
    return Q(payload__team_id__in=own) | of_nobody
