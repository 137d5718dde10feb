"""Which models has the team described itself, and how is one added?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from decisions import access, catalogue, own_models
from decisions.forms.own_models import OwnModelForm
from decisions.formulas.memory import kv_bytes_per_token
from decisions.views.signed_in import SignedInRequest


@login_required
def list_all(request: SignedInRequest, team_id: int) -> HttpResponse:
    """List the team's own models with what was read from each, and the catalogue's names."""
    team = access.team(request.user, team_id)
    rows = [
        {"own": own, **_read(own_models.model_of(own)), "options": own_models.used_by(own)}
        for own in team.own_models.all()
    ]
    context = {
        "team": team,
        "rows": rows,
        "catalogue": [_read(model) for model in catalogue.models()],
        "may_edit": access.may_edit(request.user, team),
    }
    return render(request, "own_models/list.html", context)


def _read(model: catalogue.Model) -> dict[str, object]:
    return {"model": model, "kv_bytes": kv_bytes_per_token(model=model)}


@login_required
def add(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Read a config.json, show what was found in it, and store it once that was confirmed."""
    team = access.team_to_edit(request.user, team_id)
    form = OwnModelForm(request.POST or None, request.FILES or None)
    context = {"team": team, "form": form}
    if request.method == "POST" and form.is_valid():
        if "preview" in request.POST:
            return render(request, "own_models/add.html", {**context, **_read(form.model)})
        try:
            own = own_models.add(
                team,
                text=form.cleaned_data["config"],
                **form.sizes(form.cleaned_data),
                by=request.user,
                at=timezone.now(),
            )
        except own_models.Refused as refusal:
            form.add_error(refusal.field, refusal.says)
        else:
            messages.success(request, f"{own} is stored. Options can name it now.")
            return redirect("own-model-list", team.pk)
    return render(request, "own_models/add.html", context)


@login_required
def remove(request: SignedInRequest, team_id: int, own_model_id: int) -> HttpResponse:
    """Ask whether a model should be forgotten, and forget it."""
    own = access.own_model_to_edit(request.user, team_id, own_model_id)
    if request.method != "POST":
        return render(request, "own_models/remove.html", {"team": own.team, "own": own})
    try:
        own_models.remove(own, by=request.user, at=timezone.now())
    except own_models.Refused as refusal:
        messages.error(request, refusal.says)
    else:
        messages.success(request, f"{own} is forgotten.")
    return redirect("own-model-list", team_id)


urlpatterns = [
    path("teams/<int:team_id>/models/", list_all, name="own-model-list"),
    path("teams/<int:team_id>/models/add/", add, name="own-model-add"),
    path("teams/<int:team_id>/models/<int:own_model_id>/remove/", remove, name="own-model-remove"),
]
