"""Notices: which went out, which wait and why; what a person wants to be told, where and when."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, addresses, calendars, deliveries, notices, reminders
from decisions.forms.notices import AddressForm, FeedForm, SnoozeForm, WantedForm
from decisions.models import Address, Delivery, Muted, Team
from decisions.views.signed_in import SignedInRequest
from jobs.models import Job

PER_PAGE = 50
State = Delivery.State
_OPEN = Q(sent_at=None, dropped_because="")
STATES = {
    State.WAITING: _OPEN & Q(job__state=Job.State.WAITING),
    State.SENDING: _OPEN & Q(job__state=Job.State.RUNNING),
    State.FAILED: _OPEN & (Q(job=None) | Q(job__state=Job.State.FAILED)),
    State.SENT: Q(sent_at__isnull=False),
    State.DROPPED: Q(sent_at=None) & ~Q(dropped_because=""),
}


@login_required
def list_all(request: SignedInRequest) -> HttpResponse:
    """List the notices, newest first, with what keeps them from arriving."""
    visible = access.deliveries_of(request.user)
    state = request.GET.get("state", "")
    chosen = visible.filter(STATES[State(state)]) if state in STATES else visible
    rows = chosen.select_related("job", "review", "flag", "comment", "person").order_by(
        "-created_at", "-pk"
    )
    held_up = visible.filter(STATES[State.WAITING]).exclude(job__error="")
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "counts": [(each.value, visible.filter(where).count()) for each, where in STATES.items()],
        "held_up": held_up.count(),
        "why": held_up.order_by("-job__due_at").values_list("job__error", flat=True).first(),
        "failed": visible.filter(STATES[State.FAILED]).count(),
        "now": timezone.now(),
        "may_retry": not request.user.is_auditor,
    }
    return render(request, "notices/list.html", context)


@login_required
@require_POST
def retry(request: SignedInRequest, delivery_id: int) -> HttpResponse:
    """Try to send a notice again now."""
    delivery = access.delivery_to_retry(request.user, delivery_id)
    if deliveries.retry(delivery, by=request.user, at=timezone.now()):
        messages.success(request, "It is tried again now.")
    else:
        messages.warning(request, "It has been sent, or is being sent, already.")
    return redirect("notice-list")


@login_required
def profile_notices(request: SignedInRequest) -> HttpResponse:
    """Show and store what the reader wants to be told, and how."""
    form = WantedForm(request.POST or None, muted=_muted(request))
    if request.method == "POST" and form.is_valid():
        notices.choose(request.user, wanted=form.wanted())
        messages.success(request, "Stored. It holds for notices from now on.")
        return redirect("profile-notices")
    return _page(request)


def _muted(request: SignedInRequest) -> QuerySet[Muted, tuple[str, str]]:
    return request.user.muted.values_list("kind", "channel")


def _page(
    request: SignedInRequest,
    *,
    address_form: AddressForm | None = None,
    secret: str = "",
    feed_url: str = "",
) -> HttpResponse:
    person = request.user
    shown = {
        "form": WantedForm(muted=_muted(request)),
        "addresses": person.addresses.all(),
        "address_form": address_form or AddressForm(),
        "secret": secret,
        "feeds": person.feed_tokens.select_related("team"),
        "feed_form": FeedForm(teams=access.teams_of(person)),
        "feed_url": feed_url,
    }
    answer = render(request, "profile/notices.html", shown)
    if secret or feed_url:
        # Neither must come back from the browser's memory.
        answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def mail_test(request: SignedInRequest) -> HttpResponse:
    """Send a test message to the reader's own mailbox."""
    deliveries.send_test(person=request.user, address=None, by=request.user, at=timezone.now())
    messages.success(request, f"A test message to {request.user.email} is on its way.")
    return redirect("notice-list")


@login_required
@require_POST
def address_add(request: SignedInRequest) -> HttpResponse:
    """Store one of the reader's own addresses."""
    form = AddressForm(request.POST)
    secret = _stored(request, form, team=None)
    if secret is None:
        return _page(request, address_form=form)
    return _page(request, secret=secret) if secret else redirect("profile-notices")


def _stored(request: SignedInRequest, form: AddressForm, *, team: Team | None) -> str | None:
    """Store what the form holds; return a webhook's secret, "" for others, None when refused."""
    if not form.is_valid():
        return None
    try:
        address, secret = addresses.add(
            **form.cleaned_data, team=team, by=request.user, at=timezone.now()
        )
    except addresses.Refused as refusal:
        form.add_error(refusal.field, str(refusal))
        return None
    messages.success(request, f"{address} is stored. Send a test to see that it works.")
    return secret


@login_required
def team_notices(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Show a team's addresses, and add one."""
    team = access.team_to_administer(request.user, team_id)
    form = AddressForm(request.POST or None)
    secret = _stored(request, form, team=team) if request.method == "POST" else ""
    if request.method == "POST" and secret == "":
        return redirect("team-notices", team.pk)
    shown = {
        "team": team,
        "addresses": team.addresses.all(),
        "address_form": AddressForm() if secret else form,
        "secret": secret,
    }
    answer = render(request, "teams/notices.html", shown)
    if secret:
        answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def address_test(request: SignedInRequest, address_id: int) -> HttpResponse:
    """Send a test message to an address."""
    address = access.address_to_change(request.user, address_id)
    deliveries.send_test(person=request.user, address=address, by=request.user, at=timezone.now())
    messages.success(request, f"A test message to {address} is on its way.")
    return redirect("notice-list")


@login_required
def address_remove(request: SignedInRequest, address_id: int) -> HttpResponse:
    """Ask whether an address should be forgotten, and forget it."""
    address = access.address_to_change(request.user, address_id)
    if request.method != "POST":
        return render(request, "notices/remove.html", {"address": address})
    addresses.remove(address, by=request.user, at=timezone.now())
    messages.success(request, f"{address} gets no more notices.")
    return _back(address)


def _back(address: Address) -> HttpResponse:
    if address.team_id:
        return redirect("team-notices", address.team_id)
    return redirect("profile-notices")


@login_required
@require_POST
def feed_make(request: SignedInRequest) -> HttpResponse:
    """Make a calendar address and show it, this once."""
    form = FeedForm(request.POST, teams=access.teams_of(request.user))
    if not form.is_valid():
        messages.error(request, "Pick one of your teams.")
        return redirect("profile-notices")
    secret = calendars.make(team=form.cleaned_data["team"], by=request.user, at=timezone.now())
    return _page(request, feed_url=request.build_absolute_uri(f"/calendar/{secret}.ics"))


@login_required
@require_POST
def feed_revoke(request: SignedInRequest, feed_id: int) -> HttpResponse:
    """Make a calendar address worthless."""
    feed = access.feed_token(request.user, feed_id)
    calendars.revoke(feed, by=request.user, at=timezone.now())
    messages.success(request, "The calendar's address no longer works.")
    return redirect("profile-notices")


@login_required
def review_snooze(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Ask until when and why the reader is not reminded of a review."""
    review = access.review_to_comment(request.user, review_id)
    form = SnoozeForm(request.POST or None)
    snooze = review.snoozes.filter(person=request.user, ended_at=None).first()
    if request.method == "POST" and form.is_valid():
        try:
            made = reminders.snooze(review, **form.cleaned_data, by=request.user, at=timezone.now())
        except reminders.NotAllowed as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            messages.success(request, f"You are reminded again on {made.until:%d %B %Y}.")
            return redirect("review-detail", review.pk)
    context = {"review": review, "form": form, "snooze": snooze}
    return render(request, "reviews/snooze.html", context)


@login_required
@require_POST
def review_wake(request: SignedInRequest, review_id: int) -> HttpResponse:
    """End the reader's snooze."""
    review = access.review_to_comment(request.user, review_id)
    if reminders.wake(review, by=request.user, at=timezone.now()):
        messages.success(request, "You are reminded again.")
    return redirect("review-detail", review.pk)


urlpatterns = [
    path("notices/", list_all, name="notice-list"),
    path("notices/<int:delivery_id>/retry/", retry, name="notice-retry"),
    path("profile/notices/", profile_notices, name="profile-notices"),
    path("profile/notices/test/", mail_test, name="notice-test"),
    path("profile/notices/addresses/", address_add, name="address-add"),
    path("teams/<int:team_id>/notices/", team_notices, name="team-notices"),
    path("addresses/<int:address_id>/test/", address_test, name="address-test"),
    path("addresses/<int:address_id>/remove/", address_remove, name="address-remove"),
    path("profile/notices/calendars/", feed_make, name="feed-make"),
    path("profile/notices/calendars/<int:feed_id>/revoke/", feed_revoke, name="feed-revoke"),
    path("reviews/<int:review_id>/snooze/", review_snooze, name="review-snooze"),
    path("reviews/<int:review_id>/snooze/end/", review_wake, name="review-wake"),
]
