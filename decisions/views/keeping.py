"""Who holds a record beyond its date, and lets it go again?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from decisions import access, keeping
from decisions.forms.keeping import HoldForm
from decisions.models import LegalHold
from decisions.views.signed_in import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: SignedInRequest, record_id: str) -> HttpResponse:
    """Set a legal hold, or lift the one that stands; show those that were lifted."""
    snapshot = access.snapshot_to_hold(request.user, record_id)
    standing = keeping.standing_hold(record_id)
    form = HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = keeping.lift if "lift" in request.POST else keeping.hold
        try:
            act(
                snapshot,
                because=form.cleaned_data["because"],
                by=request.user,
                at=timezone.now(),
            )
        except keeping.Refused as refusal:
            messages.error(request, str(refusal))
        else:
            done = "lifted" if act is keeping.lift else "set"
            messages.success(request, f"The legal hold is {done}.")
        return redirect("record-detail", record_id)
    context = {
        "snapshot": snapshot,
        "hold": standing,
        "earlier": LegalHold.objects.filter(record_id=record_id).exclude(lifted_at=None),
        "form": form,
    }
    return render(
        request, "records/hold.html", context, status=422 if request.method == "POST" else 200
    )


urlpatterns = [path("records/<str:record_id>/hold/", hold, name="record-hold")]
