"""The reader's own name and time zone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from decisions.forms.people import ProfileForm


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and store the reader's name and time zone."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is stored.")
        return redirect("profile")
    return render(request, "profile/show.html", {"form": form})


urlpatterns = [path("profile/", profile, name="profile")]
