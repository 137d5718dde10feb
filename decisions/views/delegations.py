"""Who signs for the approvers of a team while they are away?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, delegations
from decisions.forms.people import DelegationForm
from decisions.views.signed_in import SignedInRequest


@login_required
def list_all(request: SignedInRequest, team_id: int) -> HttpResponse:
    """List who signs for whom; let an approver name somebody."""
    team = access.team(request.user, team_id)
    may_delegate = access.approvers_of(team).filter(pk=request.user.pk).exists()
    if request.method == "POST" and not may_delegate:
        raise Http404
    delegates = access.delegates_of(team, approver=request.user)
    form = DelegationForm(request.POST or None, delegates=delegates)
    if request.method == "POST" and form.is_valid():
        try:
            delegations.make(team, **form.cleaned_data, by=request.user, at=timezone.now())
        except delegations.Refused as refusal:
            form.add_error(refusal.field or None, refusal.says)
        else:
            says = f"{form.cleaned_data['delegate']} signs for you on these days."
            messages.success(request, says)
            return redirect("delegation-list", team.pk)
    running = team.delegations.filter(ended_at=None).select_related("approver", "delegate")
    now = timezone.now()
    context = {
        "team": team,
        "form": form,
        "may_delegate": may_delegate,
        "rows": [d for d in running if d.approver.today(now) <= d.until_on],
        "may_administer": access.teams_administered_by(request.user).filter(pk=team.pk).exists(),
    }
    return render(request, "delegations/list.html", context)


@login_required
@require_POST
def end(request: SignedInRequest, team_id: int, delegation_id: int) -> HttpResponse:
    """Take the right to sign back."""
    delegation = access.delegation_to_end(request.user, team_id, delegation_id)
    delegations.end(delegation, by=request.user, at=timezone.now())
    messages.success(request, f"{delegation.delegate} no longer signs for {delegation.approver}.")
    return redirect("delegation-list", team_id)


urlpatterns = [
    path("teams/<int:team_id>/delegations/", list_all, name="delegation-list"),
    path("teams/<int:team_id>/delegations/<int:delegation_id>/end/", end, name="delegation-end"),
]
