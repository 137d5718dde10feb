"""Who may see, change and sign what? Every rule of the product, on one page.

| who | sees | changes | signs |
|---|---|---|---|
| viewer | own teams | nothing | nothing |
| manager | own teams | decisions and quotes of own teams; submits reviews | nothing |
| approver | own teams | the same as a manager | what somebody else submitted |
| delegate | own teams | what their own role may | for an approver, on the days that the approver named |
| auditor | everything | nothing | nothing |
| administrator | everything | teams, members, prices in quarantine, legal holds, links; nothing of a decision | nothing |

What a person may not see does not exist for them: the answer is a 404, never a 403.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from decisions.models import (
    Address,
    ApiToken,
    AuditEvent,
    Benchmark,
    Decision,
    Delegation,
    Delivery,
    FeedToken,
    Flag,
    Membership,
    Option,
    OwnModel,
    Pack,
    Review,
    SavedSearch,
    ShareLink,
    Snapshot,
    Team,
    UsageFile,
    User,
)

EDITORS = (Membership.Role.MANAGER, Membership.Role.APPROVER)
SIGNERS = (Membership.Role.APPROVER,)

Visitor = User | AnonymousUser


def person(request: HttpRequest) -> User:
    """Return who asks, or answer 404 to somebody who is not signed in."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _reads_all(user: Visitor) -> bool:
    return isinstance(user, User) and (user.is_auditor or user.is_administrator)


def _administers(user: Visitor) -> bool:
    return isinstance(user, User) and user.is_administrator


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
    return _teams_with_role(user, roles=SIGNERS)


def delegations_held(user: Visitor, *, at: datetime | None = None) -> list[Delegation]:
    """Return the delegations by which the person signs for others at a moment (None: now).

    Both are members of the team still, and the one who delegates is an approver still.
    """
    if not isinstance(user, User) or user.is_auditor:
        return []
    return _running(user.delegations_held.all(), at=at or timezone.now())


def delegations_running(team: Team, *, at: datetime) -> list[Delegation]:
    """Return the team's delegations by which somebody signs for an approver at a moment."""
    return _running(team.delegations.all(), at=at)


def _running(found: QuerySet[Delegation], *, at: datetime) -> list[Delegation]:
    held = found.filter(
        Exists(_members(OuterRef("team"), OuterRef("delegate"))),
        Exists(_members(OuterRef("team"), OuterRef("approver"), roles=SIGNERS)),
        ended_at=None,
        approver__is_active=True,
        approver__is_auditor=False,
        delegate__is_active=True,
        delegate__is_auditor=False,
    )
    return [each for each in held.select_related("approver", "delegate") if each.holds(at)]


def _members(team: Any, user: Any, *, roles: tuple[Any, ...] = ()) -> QuerySet[Membership]:
    found = Membership.objects.filter(team=team, user=user)
    return found.filter(role__in=roles) if roles else found


def teams_signed_by(user: Visitor) -> QuerySet[Team]:
    """Return the teams whose reviews the person may sign now, as an approver or for one."""
    delegated = [each.team_id for each in delegations_held(user)]
    return Team.objects.filter(Q(pk__in=teams_approved_by(user)) | Q(pk__in=delegated))


def seats_of(user: User, team: Team, *, at: datetime) -> list[User]:
    """Return the approvers of the team for whom the person signs: themselves first."""
    own = [user] if approvers_of(team).filter(pk=user.pk).exists() else []
    held = [d for d in delegations_held(user, at=at) if d.team_id == team.pk]
    return [*own, *(each.approver for each in held)]


def delegates_of(team: Team, *, approver: User) -> QuerySet[User]:
    """Return the members of the team whom an approver may name as a delegate."""
    members = team.members.filter(is_active=True, is_auditor=False)
    return members.exclude(pk=approver.pk).order_by("email")


def delegation_to_end(user: Visitor, team_id: int, delegation_id: int) -> Delegation:
    """Return a delegation that the person made, or of a team they administer, or answer 404."""
    mine = Q(approver_id=user.pk, team__in=teams_of(user)) | Q(team__in=teams_administered_by(user))
    found = Delegation.objects.filter(mine, team_id=team_id, ended_at=None)
    return get_object_or_404(found.select_related("team", "approver", "delegate"), pk=delegation_id)


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


def usage_file(user: Visitor, decision_id: int, usage_file_id: int) -> UsageFile:
    """Return a file of usage to look at, or answer 404."""
    found = UsageFile.objects.filter(decision__team__in=teams_of(user))
    return get_object_or_404(
        found.select_related("decision__team"), pk=usage_file_id, decision_id=decision_id
    )


def usage_file_to_edit(user: Visitor, decision_id: int, usage_file_id: int) -> UsageFile:
    """Return a file of usage to read, use or delete, or answer 404."""
    found = UsageFile.objects.filter(decision__team__in=teams_edited_by(user))
    return get_object_or_404(
        found.select_related("decision__team"), pk=usage_file_id, decision_id=decision_id
    )


def benchmark(user: Visitor, team_id: int, benchmark_id: int) -> Benchmark:
    """Return a benchmark to read, or answer 404."""
    found = Benchmark.objects.filter(team__in=teams_of(user)).select_related("team")
    return get_object_or_404(found, pk=benchmark_id, team_id=team_id)


def benchmark_to_edit(user: Visitor, team_id: int, benchmark_id: int) -> Benchmark:
    """Return a benchmark to use or remove, or answer 404."""
    found = Benchmark.objects.filter(team__in=teams_edited_by(user)).select_related("team")
    return get_object_or_404(found, pk=benchmark_id, team_id=team_id)


def own_model_to_edit(user: Visitor, team_id: int, own_model_id: int) -> OwnModel:
    """Return a model that a team described, to remove it, or answer 404."""
    found = OwnModel.objects.filter(team__in=teams_edited_by(user)).select_related("team")
    return get_object_or_404(found, pk=own_model_id, team_id=team_id)


def reviews_of(user: Visitor) -> QuerySet[Review]:
    """Return the reviews that the person may read."""
    return Review.objects.filter(decision__team__in=teams_of(user)).select_related("decision__team")


def review(user: Visitor, review_id: int) -> Review:
    """Return a review to read, or answer 404."""
    return get_object_or_404(reviews_of(user), pk=review_id)


def review_to_edit(user: Visitor, review_id: int) -> Review:
    """Return a review to open, submit or withdraw, or answer 404."""
    return get_object_or_404(
        reviews_of(user).filter(decision__team__in=teams_edited_by(user)), pk=review_id
    )


def review_to_comment(user: Visitor, review_id: int) -> Review:
    """Return a review on which the person may say something: who prepares or signs, or answer 404."""
    teams = Q(decision__team__in=teams_edited_by(user)) | Q(
        decision__team__in=teams_signed_by(user)
    )
    return get_object_or_404(reviews_of(user).filter(teams), pk=review_id)


def review_for_approver(user: Visitor, review_id: int) -> Review:
    """Return a review that the person, or who delegated to them, may sign or return, or answer 404.

    Whether this very person may sign it (not what they submitted) is decided by the action.
    """
    return get_object_or_404(
        reviews_of(user).filter(decision__team__in=teams_signed_by(user)), pk=review_id
    )


def may_edit(user: Visitor, team: Team) -> bool:
    """Return whether buttons that change a decision of the team are shown."""
    return teams_edited_by(user).filter(pk=team.pk).exists()


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


def managers_of(team: Team) -> QuerySet[User]:
    """Return the people who manage the team."""
    return editors_of(team).filter(
        pk__in=team.memberships.filter(role=Membership.Role.MANAGER).values("user")
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


def may_share(user: Visitor, snapshot: Snapshot) -> bool:
    """Return whether the person may hand a record on: administrators and the team's managers."""
    managed = _members(snapshot.team_id_text, user, roles=(Membership.Role.MANAGER,))
    return _administers(user) or managed.exists()


def snapshot_to_share(user: Visitor, record_id: str) -> Snapshot:
    """Return a signed record to hand on, or answer 404."""
    found = snapshot(user, record_id)
    if not may_share(user, found):
        raise Http404
    return found


def may_share_packs(user: Visitor) -> bool:
    """Return whether the person may hand on the packs that they may take: all but auditors."""
    return isinstance(user, User) and not user.is_auditor


def pack_to_share(user: Visitor, pack_id: int) -> Pack:
    """Return an evidence pack to hand on, or answer 404."""
    if not may_share_packs(user):
        raise Http404
    return pack(user, pack_id)


def share_link(user: Visitor, link_id: int) -> ShareLink:
    """Return a link to revoke: by whoever may make one to the same thing. Or answer 404."""
    link = get_object_or_404(ShareLink, pk=link_id)
    if link.pack_id:
        pack_to_share(user, link.pack_id)
    else:
        snapshot_to_share(user, link.record_id)
    return link


def saved_search(user: Visitor, search_id: int) -> SavedSearch:
    """Return one of the person's own kept searches, or answer 404."""
    return get_object_or_404(SavedSearch, pk=search_id, person_id=user.pk)


def may_hold_records(user: Visitor) -> bool:
    """Return whether the person may set and lift legal holds: administrators."""
    return _administers(user)


def snapshot_to_hold(user: Visitor, record_id: str) -> Snapshot:
    """Return a signed record to hold or let go, or answer 404."""
    if not may_hold_records(user):
        raise Http404
    return snapshot(user, record_id)


def audit_events_of(user: Visitor) -> QuerySet[AuditEvent]:
    """Return the audit trail; only the organisation-wide roles read it."""
    if not _reads_all(user):
        raise Http404
    return AuditEvent.objects.all()


def reads_audit(user: Visitor) -> bool:
    """Return whether the person may read the audit trail."""
    return _reads_all(user)


def packs_of(user: Visitor) -> QuerySet[Pack]:
    """Return the evidence packs that the person may take: all, or their own.

    One's own is gone from sight when one no longer sees every team that is in it.
    """
    if _reads_all(user):
        return Pack.objects.all()
    seen = set(teams_of(user).values_list("pk", flat=True))
    own = Pack.objects.filter(asked_by_id=user.pk).values_list("pk", "team_ids")
    return Pack.objects.filter(pk__in=[pk for pk, ids in own if ids is not None and seen >= {*ids}])


def pack(user: Visitor, pack_id: int) -> Pack:
    """Return an evidence pack, or answer 404."""
    return get_object_or_404(packs_of(user).defer("zip"), pk=pack_id)


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


def deliveries_of(user: Visitor) -> QuerySet[Delivery]:
    """Return the notices whose way the person may follow: their own, and those of teams they edit."""
    if _reads_all(user):
        return Delivery.objects.all()
    return Delivery.objects.filter(Q(person_id=user.pk) | Q(team__in=teams_edited_by(user)))


def delivery_to_retry(user: Visitor, delivery_id: int) -> Delivery:
    """Return a notice to send again, or answer 404. An auditor sends only their own."""
    found = deliveries_of(user)
    if not (isinstance(user, User) and user.is_administrator):
        found = found.filter(Q(person_id=user.pk) | Q(team__in=teams_edited_by(user)))
    return get_object_or_404(found.select_related("job", "team"), pk=delivery_id)


def address_to_change(user: Visitor, address_id: int) -> Address:
    """Return one of the person's own addresses, or one of a team they administer, or answer 404."""
    own = Q(person_id=user.pk) | Q(team__in=teams_administered_by(user))
    found = Address.objects.filter(own).select_related("team", "person")
    return get_object_or_404(found, pk=address_id)


def feed_token(user: Visitor, token_id: int) -> FeedToken:
    """Return one of the person's own calendar addresses, or answer 404."""
    return get_object_or_404(FeedToken, pk=token_id, user_id=user.pk)
