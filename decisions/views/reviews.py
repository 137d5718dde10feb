"""Which reviews wait for whom, and what does a person who prepares or signs one need to see?"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from decisions import access, cadence, changes, reviews, seen, standing, waiting
from decisions.forms.reviews import (
    CommentForm,
    ReasonForm,
    SignForm,
    SubmitForm,
    WithdrawForm,
)
from decisions.models import Review, Snapshot, User
from decisions.views import confirming
from decisions.views.changing import person
from decisions.views.wording import in_words

State = Review.State
PER_PAGE = 50
FORMS: dict[str, type[forms.Form]] = {
    "open": forms.Form,
    "submit": SubmitForm,
    "withdraw": WithdrawForm,
    "give_back": ReasonForm,
    "sign": SignForm,
    "comment": CommentForm,
}


@login_required
def review_list(request: HttpRequest) -> HttpResponse:
    """List the reviews: those that wait for the reader first, then all others."""
    found = _filtered(request, access.reviews_of(request.user).filter(decision__archived_at=None))
    user = person(request)
    mine = waiting.to_prepare(user) | waiting.to_submit_again(user)
    to_sign = waiting.to_sign(user)
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
    request: HttpRequest,
    review: Review,
    *,
    bound: dict[str, forms.Form] | None = None,
    moved: list[changes.Change] | None = None,
) -> HttpResponse:
    decision = review.decision
    answered = standing.answer(decision)
    chosen = answered.option(decision.chosen.name if decision.chosen else None)
    changed = changes.since_last_signed(decision, answered)
    context = {
        "review": review,
        "decision": decision,
        "answered": answered,
        "chosen": chosen,
        "best": answered.best,
        "difference": standing.difference(chosen, answered.best),
        "last": changes.last_signed(decision),
        "parts": _in_parts(changed, currency=decision.currency),
        "money": next((c for c in changed if c.what.startswith("monthly cost")), None),
        "moved": [in_words(each, currency=decision.currency) for each in moved or []],
        "parts_read": request.POST.getlist("read"),
        "to_read": [(key, changes.PARTS[key]) for key in changes.parts_to_read(decision, answered)],
        "seen": seen.now(review, answered).as_text(),
        "snapshot": Snapshot.objects.filter(review_id_text=str(review.pk)).first(),
        "comments": review.comments.all(),
        "flags": decision.flags.filter(closed_at=None),
        "snooze": review.snoozes.filter(person=person(request), ended_at=None).first(),
        "approvals": reviews.approvals_of(review),
        "next_due": cadence.next_due(decision),
        "cadence": cadence.in_words(decision),
        **_roles(person(request), review),
        **{f"{name}_form": (bound or {}).get(name) or form() for name, form in FORMS.items()},
    }
    return render(request, "reviews/detail.html", context)


def _in_parts(found: list[changes.Change], *, currency: str) -> list[dict[str, Any]]:
    """Return the changes by part, in words; parts without a change are left out."""
    return [
        {"key": key, "name": name, "changes": [in_words(c, currency=currency) for c in of_part]}
        for key, name in changes.PARTS.items()
        if (of_part := [c for c in found if c.part == key])
    ]


def _roles(user: User, review: Review) -> dict[str, Any]:
    """Return what this person may do now, in the names of the page's parts."""
    team, waits = review.decision.team, review.state == State.SUBMITTED
    seats = access.seats_of(user, team, at=timezone.now()) if waits else []
    given = reviews.approvals_of(review)
    used = {*given.values_list("seat_name", flat=True), review.submitted_by_name}
    free = next((seat for seat in seats if seat.get_full_name() not in used), None)
    is_preparer = review.submitted_by_id == user.pk
    has_signed = waits and given.filter(person=user).exists()
    may_edit = access.may_edit(user, team)
    return {
        "may_edit": may_edit,
        "may_comment": may_edit or bool(seats),
        "may_submit": may_edit and (review.state in waiting.TO_PREPARE or review.is_stale),
        "may_withdraw": may_edit and waits,
        "may_return": bool(seats),
        "may_sign": bool(free) and not (is_preparer or has_signed or review.is_stale),
        "signs_for": free if free != user else None,
        "has_signed": has_signed,
        "is_preparer": bool(seats) and is_preparer,
        "has_passkey": confirming.has_passkey(user),
    }


Act = Callable[[HttpRequest, Review, dict[str, Any]], str]


def _step(
    name: str, find: Callable[[Any, int], Review]
) -> Callable[[Act], Callable[..., HttpResponse]]:
    """Make the view of one step of the review from the action that takes it.

    `find` says who reaches it, the form is of `FORMS`, and the action returns what to say when it
    is done. A refusal is shown beside the form, with nothing typed lost.
    """

    def make(act: Act) -> Callable[..., HttpResponse]:
        @wraps(act)
        @sensitive_post_parameters("password", "credential")
        @login_required
        @require_POST
        def view(request: HttpRequest, review_id: int) -> HttpResponse:
            review = find(request.user, review_id)
            form = FORMS[name](request.POST)
            if not form.is_valid():
                return _page(request, review, bound={name: form})
            try:
                says = act(request, review, form.cleaned_data)
            except reviews.NotAllowed as refusal:
                return _refused(request, review, form, name=name, refusal=refusal)
            if says:
                messages.success(request, says)
            return redirect("review-detail", review.pk)

        return view

    return make


def _refused(
    request: HttpRequest,
    review: Review,
    form: forms.Form,
    *,
    name: str,
    refusal: reviews.NotAllowed,
) -> HttpResponse:
    review = access.review(request.user, review.pk)
    if review.state == State.SIGNED:
        back = reverse("review-detail", args=[review.pk])
        context = {"says": f"{refusal} Your step was not taken.", "back": back}
        return render(request, "409.html", context, status=409)
    form.add_error(None, str(refusal))
    moved = refusal.changes if isinstance(refusal, reviews.Moved) else None
    return _page(request, review, bound={name: form}, moved=moved)


@_step("open", access.review_to_edit)
def review_open(request: HttpRequest, review: Review, entered: dict[str, Any]) -> str:
    """Start preparing the review."""
    reviews.open_review(review, by=person(request), at=timezone.now())
    return ""


@_step("submit", access.review_to_edit)
def review_submit(request: HttpRequest, review: Review, entered: dict[str, Any]) -> str:
    """Hand the review to the approvers."""
    reviews.submit(review, note=entered["note"], by=person(request), at=timezone.now())
    return "Submitted. An approver of the team signs it off or returns it."


@_step("withdraw", access.review_to_edit)
def review_withdraw(request: HttpRequest, review: Review, entered: dict[str, Any]) -> str:
    """Take the submission back."""
    reviews.withdraw(review, reason=entered["reason"], by=person(request), at=timezone.now())
    return "Withdrawn. Nobody can sign it until it is submitted again."


@_step("give_back", access.review_for_approver)
def review_return(request: HttpRequest, review: Review, entered: dict[str, Any]) -> str:
    """Return the review to those who prepare it."""
    reviews.give_back(review, reason=entered["reason"], by=person(request), at=timezone.now())
    return "Returned, with your reason."


@_step("comment", access.review_to_comment)
def review_comment(request: HttpRequest, review: Review, entered: dict[str, Any]) -> str:
    """Add a comment."""
    reviews.comment(review, text=entered["text"], by=person(request), at=timezone.now())
    return ""


@_step("sign", access.review_for_approver)
def review_sign_off(request: HttpRequest, review: Review, entered: dict[str, Any]) -> str:
    """Sign what the page showed, with the password or a passkey once more."""
    how = confirming.how(request, password=entered["password"], credential=entered["credential"])
    if how is None:
        raise reviews.NotAllowed(
            "The passkey was not accepted. Nothing was signed."
            if entered["credential"]
            else "This is not your password. Nothing was signed."
        )
    try:
        saw = seen.from_text(entered["seen"])
    except seen.Unreadable as error:
        raise reviews.NotAllowed(
            "The page did not say what it had shown. Look at it below and sign again."
        ) from error
    done = reviews.sign_off(
        review,
        note=entered["note"],
        by=person(request),
        at=timezone.now(),
        how=how,
        saw=saw,
        parts_read=entered["read"],
    )
    return (
        "Signed off. The record is kept as it is now."
        if done
        else "Signed. The record is frozen with the last signature that is needed."
    )


@login_required
@require_POST
def review_passkey(request: HttpRequest, review_id: int) -> JsonResponse:
    """Answer what the browser asks the person's passkey, before a signature."""
    access.review_for_approver(request.user, review_id)
    return JsonResponse(confirming.passkey_options(person(request)))


urlpatterns = [
    path("reviews/", review_list, name="review-list"),
    path("reviews/<int:review_id>/", review_detail, name="review-detail"),
    path("reviews/<int:review_id>/open/", review_open, name="review-open"),
    path("reviews/<int:review_id>/submit/", review_submit, name="review-submit"),
    path("reviews/<int:review_id>/withdraw/", review_withdraw, name="review-withdraw"),
    path("reviews/<int:review_id>/return/", review_return, name="review-return"),
    path("reviews/<int:review_id>/comment/", review_comment, name="review-comment"),
    path("reviews/<int:review_id>/sign-off/", review_sign_off, name="review-sign-off"),
    path("reviews/<int:review_id>/passkey/", review_passkey, name="review-passkey"),
]
