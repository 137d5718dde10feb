"""Which prices and sellers wait for somebody to judge them?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from pricing import access, export, quarantine, sellers
from pricing.currency import known_currencies
from pricing.forms import CurrencyForm, DecisionForm, ReleaseForm
from pricing.models import CurrentPrice

PER_PAGE = 50


@login_required
def price_quarantine(request: HttpRequest) -> HttpResponse:
    """Show the prices that wait for a second source or a person."""
    page = Paginator(quarantine.waiting(), PER_PAGE).get_page(request.GET.get("page"))
    if form := export.asked_form(request):
        return export.answer(_records(), form=form, name="quarantine")
    shown = {
        "page": page,
        "may_decide": access.may_judge_prices(request.user),
        "held": sellers.held(),
        "without_currency": sellers.without_currency(),
        "currencies": known_currencies(),
    }
    return render(request, "prices/quarantine.html", shown)


@login_required
@require_POST
def quarantine_decide(request: HttpRequest, price_id: int) -> HttpResponse:
    """Accept or reject a waiting price, with a reason."""
    access.require_judge(request.user)
    price = get_object_or_404(CurrentPrice, pk=price_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why: the reason is kept with the price.")
        return redirect("price-quarantine")
    # What was decided on is what the page showed, not what came in meanwhile.
    price.pending_id = form.cleaned_data["pending_id"]
    decide = quarantine.accept if form.cleaned_data["verdict"] == "accept" else quarantine.reject
    try:
        decide(
            price=price,
            by=request.user.get_username(),
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )
    except quarantine.NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("price-quarantine")


@login_required
@require_POST
def held_release(request: HttpRequest) -> HttpResponse:
    """Let the new offers of a held provider in, with a reason."""
    access.require_judge(request.user)
    form = ReleaseForm(request.POST)
    try:
        if not form.is_valid():
            raise quarantine.NotAllowed("Say why: the reason is kept.")
        sellers.release(**form.cleaned_data, by=request.user.get_username(), at=timezone.now())
    except quarantine.NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        provider = form.cleaned_data["provider"]
        messages.success(request, f"{provider} is released; its source is asked again now.")
    return redirect("price-quarantine")


@login_required
@require_POST
def currency_set(request: HttpRequest) -> HttpResponse:
    """State in which currency a provider's prices are written, with a reason."""
    access.require_judge(request.user)
    form = CurrencyForm(request.POST)
    try:
        if not form.is_valid():
            raise quarantine.NotAllowed("Give the currency and say why: the reason is kept.")
        sellers.set_currency(**form.cleaned_data, by=request.user.get_username(), at=timezone.now())
    except quarantine.NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Noted; the prices that waited for it have been judged.")
    return redirect("price-quarantine")


def _records() -> list[dict[str, Any]]:
    return [
        {
            "offer_id": row.offer_id,
            "offer": str(row.offer),
            "measure": row.measure,
            "source": row.source,
            "seen_at": row.pending.seen_at,
            "amount_before": row.observation.amount if row.observation else None,
            "currency_before": row.observation.currency if row.observation else "",
            "amount_seen": row.pending.amount,
            "currency_seen": row.pending.currency,
            "unit": row.pending.unit,
            **{
                name: getattr(row, name)
                for name in ("other_amount", "other_currency", "other_source")
            },
            "why": row.pending.reason,
        }
        for row in quarantine.waiting()
        if row.pending is not None
    ]
