"""Which reviews wait for whom, and what does a person who prepares or signs one need to see?"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from decisions import access, changes, reviews, standing
from decisions.forms.reviews import CommentForm, ReasonForm, SignForm, SubmitForm
from decisions.models import Review, Snapshot
from decisions.views.changing import person
from decisions.views.wording import in_words

State = Review.State
PER_PAGE = 50
TO_PREPARE = (State.SCHEDULED, State.OPEN, State.RETURNED)
FORMS: dict[str, type[forms.Form]] = {
    "submit": SubmitForm,
    "give_back": ReasonForm,
    "sign": SignForm,
    "comment": CommentForm,
}


@login_required
def review_list(request: HttpRequest) -> HttpResponse:
    """List the reviews: those that wait for the reader first, then all others."""
    found = _filtered(request, access.reviews_of(request.user).filter(decision__archived_at=None))
    mine = Q(decision__team__in=access.teams_edited_by(request.user), state__in=TO_PREPARE)
    to_sign = Q(
        decision__team__in=access.teams_approved_by(request.user), state=State.SUBMITTED
    ) & ~Q(submitted_by=person(request))
    others = found.exclude(pk__in=found.filter(mine | to_sign).values("pk"))
    context = {
        "to_prepare": found.filter(mine).order_by("due_on", "decision__name"),
        "to_sign": found.filter(to_sign).order_by("due_on", "decision__name"),
        "page": Paginator(others, PER_PAGE).get_page(request.GET.get("page")),
        "teams": access.teams_of(request.user),
        "states": State.choices,
        "quarters": _quarters(access.reviews_of(request.user)),
        "asked": request.GET,
        "today": timezone.localdate(),
    }
    return render(request, "reviews/list.html", context)


def _filtered(request: HttpRequest, found: QuerySet[Review]) -> QuerySet[Review]:
    year, _, quarter = request.GET.get("quarter", "").partition("-")
    if year.isdecimal() and quarter.isdecimal():
        found = found.filter(year=int(year[:4]), quarter=int(quarter[:1]))
    if (team := request.GET.get("team", "")).isdecimal():
        found = found.filter(decision__team_id=int(team[:9]))
    if (state := request.GET.get("state", "")) in State.values:
        found = found.filter(state=state)
    return found


def _quarters(found: QuerySet[Review]) -> list[tuple[str, str]]:
    pairs = found.order_by("-year", "-quarter").values_list("year", "quarter").distinct()
    return [(f"{year}-{quarter}", f"{year} Q{quarter}") for year, quarter in pairs]


@login_required
def review_detail(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show what changed since the last signature, where the decision stands, and the next step."""
    return _page(request, access.review(request.user, review_id))


def _page(
    request: HttpRequest, review: Review, *, bound: dict[str, forms.Form] | None = None
) -> HttpResponse:
    decision = review.decision
    answered = standing.answer(decision)
    chosen = answered.option(decision.chosen.name if decision.chosen else None)
    context = {
        "review": review,
        "decision": decision,
        "answered": answered,
        "chosen": chosen,
        "best": answered.best,
        "difference": standing.difference(chosen, answered.best),
        "last": changes.last_signed(decision),
        "changes": [
            in_words(each, currency=decision.currency)
            for each in changes.since_last_signed(decision, answered)
        ],
        "snapshot": Snapshot.objects.filter(review_id_text=str(review.pk)).first(),
        "outdated": review.state == State.SUBMITTED and reviews.is_outdated(review),
        "comments": review.comments.all(),
        **_roles(request, review),
        **{f"{name}_form": (bound or {}).get(name) or form() for name, form in FORMS.items()},
    }
    return render(request, "reviews/detail.html", context)


def _roles(request: HttpRequest, review: Review) -> dict[str, bool]:
    """Return what this person may do now, in the names of the page's parts."""
    user, team = request.user, review.decision.team
    waits = review.state == State.SUBMITTED
    approves = access.teams_approved_by(user).filter(pk=team.pk).exists()
    return {
        "may_edit": access.may_edit(user, team),
        "may_submit": access.may_edit(user, team) and review.state in TO_PREPARE,
        "may_return": waits and approves,
        "may_sign": waits and access.may_sign(user, review),
        "is_preparer": waits and approves and review.submitted_by_id == user.pk,
    }


def _act(
    request: HttpRequest, review: Review, *, name: str, act: Callable[[dict[str, Any]], object]
) -> HttpResponse:
    """Take a step with what its form holds; show a refusal beside it, with nothing typed lost."""
    form = FORMS[name](request.POST)
    if not form.is_valid():
        return _page(request, review, bound={name: form})
    try:
        act(form.cleaned_data)
    except reviews.NotAllowed as refusal:
        review.refresh_from_db()
        form.add_error(None, str(refusal))
        if review.state == State.SIGNED and name != "comment":
            back = reverse("review-detail", args=[review.pk])
            context = {"says": f"{refusal} Your step was not taken.", "back": back}
            return render(request, "409.html", context, status=409)
        return _page(request, review, bound={name: form})
    return redirect("review-detail", review.pk)


@login_required
@require_POST
def review_open(request: HttpRequest, review_id: int) -> HttpResponse:
    """Start preparing the review."""
    review = access.review_to_edit(request.user, review_id)
    try:
        reviews.open_review(review, by=person(request), at=timezone.now())
    except reviews.NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("review-detail", review.pk)


@login_required
@require_POST
def review_submit(request: HttpRequest, review_id: int) -> HttpResponse:
    """Hand the review to an approver."""
    review = access.review_to_edit(request.user, review_id)

    def act(entered: dict[str, Any]) -> None:
        reviews.submit(review, note=entered["note"], by=person(request), at=timezone.now())
        messages.success(request, "Submitted. An approver of the team signs it off or returns it.")

    return _act(request, review, name="submit", act=act)


@login_required
@require_POST
def review_return(request: HttpRequest, review_id: int) -> HttpResponse:
    """Return the review to those who prepare it."""
    review = access.review_for_approver(request.user, review_id)

    def act(entered: dict[str, Any]) -> None:
        reviews.give_back(review, reason=entered["reason"], by=person(request), at=timezone.now())
        messages.success(request, "Returned, with your reason.")

    return _act(request, review, name="give_back", act=act)


@login_required
@require_POST
def review_comment(request: HttpRequest, review_id: int) -> HttpResponse:
    """Add a comment."""
    review = access.review_to_edit(request.user, review_id)

    def act(entered: dict[str, Any]) -> None:
        reviews.comment(review, text=entered["text"], by=person(request), at=timezone.now())

    return _act(request, review, name="comment", act=act)


@sensitive_post_parameters("password")
@login_required
@require_POST
def review_sign_off(request: HttpRequest, review_id: int) -> HttpResponse:
    """Sign the review off, with the password once more."""
    review = access.review_for_approver(request.user, review_id)

    def act(entered: dict[str, Any]) -> None:
        if not _is_own_password(request, entered["password"]):
            raise reviews.NotAllowed("This is not your password. Nothing was signed.")
        reviews.sign_off(review, note=entered["note"], by=person(request), at=timezone.now())
        messages.success(request, "Signed off. The record is kept as it is now.")

    return _act(request, review, name="sign", act=act)


def _is_own_password(request: HttpRequest, password: str) -> bool:
    """Check the password the way sign-in does, so that wrong ones count against guessing too."""
    email = person(request).email
    user = authenticate(request, login=email, email=email, password=password)
    return user is not None and user.pk == request.user.pk


urlpatterns = [
    path("reviews/", review_list, name="review-list"),
    path("reviews/<int:review_id>/", review_detail, name="review-detail"),
    path("reviews/<int:review_id>/open/", review_open, name="review-open"),
    path("reviews/<int:review_id>/submit/", review_submit, name="review-submit"),
    path("reviews/<int:review_id>/return/", review_return, name="review-return"),
    path("reviews/<int:review_id>/comment/", review_comment, name="review-comment"),
    path("reviews/<int:review_id>/sign-off/", review_sign_off, name="review-sign-off"),
]
