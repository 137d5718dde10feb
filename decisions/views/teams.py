"""Teams: who is in them, and what may each do?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, teams
from decisions.forms.people import MemberForm, RoleForm, TeamForm
from decisions.models import Membership, Team
from decisions.views.signed_in import SignedInRequest
from pricing import currency

SETTINGS = (
    "name",
    "currency",
    "loaded_cost_per_fte_year",
    "approvals_needed",
    "read_before_sign",
)


@login_required
def list_all(request: SignedInRequest) -> HttpResponse:
    """List the teams that the reader may see."""
    found = access.teams_of(request.user).annotate(
        people=Count("memberships", distinct=True),
        decided=Count("decisions", filter=Q(decisions__archived_at=None), distinct=True),
    )
    roles = dict(request.user.memberships.values_list("team", "role"))
    rows = [
        (team, Membership.Role(roles[team.pk]).name if team.pk in roles else "") for team in found
    ]
    return render(request, "teams/list.html", {"rows": rows})


@login_required
def new(request: SignedInRequest) -> HttpResponse:
    """Found a team; who founds it manages it."""
    if not access.may_add_team(request.user):
        raise Http404
    form = _team_form(request.POST or None, initial={"currency": "EUR"})
    if request.method == "POST" and form.is_valid():
        try:
            team = teams.found(**form.cleaned_data, by=request.user, at=timezone.now())
        except teams.Refused as refusal:
            form.add_error(refusal.field or None, refusal.says)
        else:
            messages.success(request, f"{team} is founded, and you manage it.")
            return redirect("team-detail", team.pk)
    return render(request, "teams/new.html", {"form": form})


@login_required
def detail(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Show a team's members, and let those who may change them."""
    return _page(request, access.team(request.user, team_id), MemberForm())


def _page(
    request: SignedInRequest, team: Team, form: MemberForm, status: int = 200
) -> HttpResponse:
    context = {
        "team": team,
        "members": team.memberships.select_related("user").order_by("user__email"),
        "decisions": team.decisions.filter(archived_at=None).order_by("name"),
        "roles": Membership.Role.choices,
        "form": form,
        "may_administer": access.teams_administered_by(request.user).filter(pk=team.pk).exists(),
        "may_edit": access.may_edit(request.user, team),
    }
    return render(request, "teams/detail.html", context, status=status)


@login_required
def change(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Change a team's name, currency and cost of people."""
    team = access.team_to_administer(request.user, team_id)
    stored = {name: getattr(team, name) for name in SETTINGS}
    form = _team_form(request.POST or None, initial=stored)
    if request.method == "POST" and form.is_valid():
        try:
            teams.change_settings(
                team, fields=form.cleaned_data, by=request.user, at=timezone.now()
            )
        except teams.Refused as refusal:
            form.add_error(refusal.field or None, refusal.says)
        else:
            messages.success(request, "The team is stored.")
            return redirect("team-detail", team.pk)
    return render(request, "teams/change.html", {"team": team, "form": form})


def _team_form(data: Any, *, initial: dict[str, Any]) -> TeamForm:
    currencies = sorted({initial["currency"], *currency.known_currencies()})
    return TeamForm(data, initial=initial, currencies=currencies)


@login_required
@require_POST
def add_member(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Add a person by e-mail."""
    team = access.team_to_administer(request.user, team_id)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _page(request, team, form)
    try:
        member = teams.add_member(team, **form.cleaned_data, by=request.user, at=timezone.now())
    except teams.Refused as refusal:
        form.add_error(refusal.field or None, refusal.says)
        return _page(request, team, form)
    messages.success(request, f"{member.user} is in the team.")
    return redirect("team-detail", team.pk)


@login_required
@require_POST
def change_member(request: SignedInRequest, team_id: int, member_id: int) -> HttpResponse:
    """Give a member another role."""
    member = _member(request, team_id, member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Pick one of the three roles.")
        return redirect("team-detail", team_id)
    try:
        teams.change_role(
            member, role=form.cleaned_data["role"], by=request.user, at=timezone.now()
        )
    except teams.Refused as refusal:
        messages.error(request, refusal.says)
    else:
        messages.success(request, f"{member.user} has the new role.")
    return _back_to(request, team_id)


@login_required
def remove_member(request: SignedInRequest, team_id: int, member_id: int) -> HttpResponse:
    """Ask whether a person should leave the team, and take them out."""
    member = _member(request, team_id, member_id)
    if request.method != "POST":
        return render(request, "teams/remove.html", {"team": member.team, "member": member})
    try:
        teams.remove_member(member, by=request.user, at=timezone.now())
    except teams.Refused as refusal:
        messages.error(request, refusal.says)
    else:
        messages.success(request, f"{member.user} is no longer in the team.")
    return _back_to(request, team_id)


def _member(request: SignedInRequest, team_id: int, member_id: int) -> Membership:
    team = access.team_to_administer(request.user, team_id)
    return get_object_or_404(team.memberships.select_related("user", "team"), pk=member_id)


def _back_to(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Lead back to the team, or to the list when the reader has just left it."""
    if access.teams_of(request.user).filter(pk=team_id).exists():
        return redirect("team-detail", team_id)
    return redirect("team-list")


urlpatterns = [
    path("teams/", list_all, name="team-list"),
    path("teams/new/", new, name="team-new"),
    path("teams/<int:team_id>/", detail, name="team-detail"),
    path("teams/<int:team_id>/change/", change, name="team-change"),
    path("teams/<int:team_id>/members/add/", add_member, name="member-add"),
    path(
        "teams/<int:team_id>/members/<int:member_id>/change/", change_member, name="member-change"
    ),
    path(
        "teams/<int:team_id>/members/<int:member_id>/remove/", remove_member, name="member-remove"
    ),
]
