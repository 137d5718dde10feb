"""Somebody has looked at a flag: does nothing change, or is it reviewed early?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, flags
from decisions.forms.reviews import ReasonForm
from decisions.views.changing import person


@login_required
def acknowledge(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Ask for the reason why a flag changes nothing, and keep it."""
    flag = access.flag_to_edit(request.user, flag_id)
    form = ReasonForm(request.POST or None)
    form.fields["reason"].label = "Why nothing changes for now"
    if not form.is_valid():
        return render(request, "flags/acknowledge.html", {"flag": flag, "form": form})
    reason, at = form.cleaned_data["reason"], timezone.now()
    if flags.acknowledge(flag, reason=reason, by=person(request), at=at):
        messages.success(request, "The flag is acknowledged. It stays quiet until it is over.")
    else:
        messages.warning(request, "The flag was acknowledged or closed before you.")
    return redirect("decision-detail", flag.decision_id)


@login_required
@require_POST
def review(request: HttpRequest, flag_id: int) -> HttpResponse:
    """Turn the flag into an early review, or lead to the review that is being worked on."""
    flag = access.flag_to_edit(request.user, flag_id)
    found = flags.review_early(flag, by=person(request), at=timezone.now())
    if found is None:
        messages.warning(request, "The decision has no review yet that could come early.")
        return redirect("decision-detail", flag.decision_id)
    messages.success(request, f"Review {found.period} looks at it. It is due on {found.due_on}.")
    return redirect("review-detail", found.pk)


urlpatterns = [
    path("flags/<int:flag_id>/review/", review, name="flag-review"),
    path("flags/<int:flag_id>/acknowledge/", acknowledge, name="flag-acknowledge"),
]
