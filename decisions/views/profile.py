"""The reader's own name, time zone, and keys for programs."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, tokens
from decisions.forms.people import ProfileForm, TokenForm


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and store the reader's name and time zone."""
    form = ProfileForm(request.POST or None, instance=access.person(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is stored.")
        return redirect("profile")
    return _page(request, form=form)


@login_required
@require_POST
def token_make(request: HttpRequest) -> HttpResponse:
    """Make a key and show it, this once."""
    form, person = TokenForm(request.POST), access.person(request)
    secret = ""
    if form.is_valid():
        try:
            secret = tokens.make(name=form.cleaned_data["name"], by=person, at=timezone.now())
        except tokens.NameTaken as taken:
            form.add_error("name", str(taken))
    answer = _page(request, token_form=None if secret else form, secret=secret)
    # The key must not come back from the browser's memory.
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Make one of the reader's keys worthless."""
    token = access.api_token(request.user, token_id)
    tokens.revoke(token, by=access.person(request), at=timezone.now())
    messages.success(request, f"The key for “{token.name}” no longer works.")
    return redirect("profile")


def _page(
    request: HttpRequest,
    *,
    form: ProfileForm | None = None,
    token_form: TokenForm | None = None,
    secret: str = "",
) -> HttpResponse:
    person = access.person(request)
    shown = {
        "form": form or ProfileForm(instance=person),
        "token_form": token_form or TokenForm(),
        "secret": secret,
        "tokens": person.api_tokens.all(),
    }
    return render(request, "profile/show.html", shown)


urlpatterns = [
    path("profile/", profile, name="profile"),
    path("profile/keys/", token_make, name="token-make"),
    path("profile/keys/<int:token_id>/revoke/", token_revoke, name="token-revoke"),
]
