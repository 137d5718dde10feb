"""How does a team see, type in, change and end its own prices?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from pricing import access, evidence, export, listing, quotes
from pricing.currency import Rates
from pricing.forms import EndForm, QuoteForm
from pricing.models import EvidenceFile, Observation, Offer, QuoteUpload

# What another page may fill in beforehand.
PREFILLED = (
    "kind", "provider", "model", "gpu", "gpu_count", "mode", "term_months", "region", "currency",
)  # fmt: skip
PER_PAGE = 50


@login_required
@require_GET
def quote_list(request: HttpRequest, team_id: int) -> HttpResponse:
    """Show a team's own prices, with where they are written and until when they hold."""
    access.require_reader(request.user, team_id)
    page = Paginator(quotes.current(team_id), PER_PAGE).get_page(request.GET.get("page"))
    if form := export.asked_form(request):
        return export.answer(_records(team_id), form=form, name="quotes")
    rates, target = Rates(), listing.reader_of(request).target
    shown = {
        "team_id": team_id,
        "team": access.team_name(request.user, team_id),
        "page": page,
        "rows": [(row, _worth(row.observation, rates, target)) for row in page.object_list],
        "target": target,
        "drafts": QuoteUpload.objects.filter(team_id=team_id, state=QuoteUpload.State.DRAFT).defer(
            "rows"
        ),
        "may_edit": access.may_edit_team(request.user, team_id),
        "now": timezone.now(),
    }
    return render(request, "prices/quotes.html", shown)


@login_required
def quote_add(request: HttpRequest, team_id: int) -> HttpResponse:
    """Put a team's own price into the book, or a new one in place of it."""
    access.require_editor(request.user, team_id)
    offer = _offer_to_quote(request, team_id)
    kept = _kept_file(request, team_id)
    form = QuoteForm(
        request.POST or None, request.FILES or None, initial=_initial(request, offer, team_id)
    )
    if request.method == "POST" and form.is_valid():
        added, kept = _added(request, form, team_id, offer, kept)
        if added:
            messages.success(request, "The quote stands before pulled prices, for this team alone.")
            return redirect(_back(request) or added[0].offer)
    shown = {"form": form, "team_id": team_id, "offer": offer, "kept": kept, "next": _back(request)}
    shown["team"] = access.team_name(request.user, team_id)
    return render(request, "prices/quote.html", shown, status=422 if form.errors else 200)


@login_required
def quote_end(request: HttpRequest, team_id: int, offer_id: int) -> HttpResponse:
    """End a team's quote, after asking once more."""
    access.require_editor(request.user, team_id)
    offer = get_object_or_404(_visible(team_id), pk=offer_id)
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            quotes.end(
                team_id=team_id,
                offer=offer,
                by=request.user.get_username(),
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
        except quotes.NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The quote has ended; it stays in the history.")
        return redirect("quote-list", team_id)
    held = [row for row in quotes.current(team_id) if row.offer_id == offer.pk]
    shown = {"form": form, "team_id": team_id, "offer": offer, "held": held}
    return render(request, "prices/quote_end.html", shown, status=422 if form.errors else 200)


@login_required
@require_GET
def quote_evidence(request: HttpRequest, evidence_id: int) -> HttpResponse | FileResponse:
    """Hand out the file behind a quote to who may see the team, if it still is that file."""
    found = get_object_or_404(EvidenceFile, pk=evidence_id)
    access.require_reader(request.user, found.team_id)
    try:
        path = evidence.checked_path(found)
    except evidence.BadFile as refusal:
        return render(
            request, "prices/evidence_gone.html", {"says": refusal, "file": found}, status=409
        )
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=found.file_name)
    # Never shown by the browser itself, whatever it holds.
    answer["Content-Type"] = "application/octet-stream"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _added(
    request: HttpRequest,
    form: QuoteForm,
    team_id: int,
    offer: Offer | None,
    kept: EvidenceFile | None,
) -> tuple[list[Observation], EvidenceFile | None]:
    """Return what was stored, nothing when the form now says why, and the file that is kept."""
    by, at = request.user.get_username(), timezone.now()
    try:
        kept = form.keep_file(team_id=team_id, by=by, at=at) or kept
        if not form.cleaned_data["evidence"] and kept is None:
            raise quotes.NotAllowed("evidence", "Say where it is written, or add the file.")
        return quotes.add(
            team_id=team_id,
            terms=form.terms(),
            offer=offer,
            amounts=form.amounts(),
            currency_code=form.cleaned_data["currency"],
            valid_from=form.valid_from_moment(),
            valid_until=form.valid_until_moment(),
            evidence=form.cleaned_data["evidence"],
            evidence_file=kept,
            by=by,
            at=at,
        ), kept
    except quotes.NotAllowed as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    except evidence.BadFile as refusal:
        form.add_error("evidence_file", str(refusal))
    return [], kept


def _visible(team_id: int) -> QuerySet[Offer]:
    return Offer.objects.filter(Q(for_team_id__isnull=True) | Q(for_team_id=team_id))


def _offer_to_quote(request: HttpRequest, team_id: int) -> Offer | None:
    asked = request.GET.get("offer", "")
    if not asked.isdecimal():
        return None
    return get_object_or_404(_visible(team_id), pk=int(asked[:18]))


def _kept_file(request: HttpRequest, team_id: int) -> EvidenceFile | None:
    """Return the file that came with an earlier try of the same form."""
    asked = request.POST.get("kept_file", "")
    if not asked.isdecimal():
        return None
    return EvidenceFile.objects.filter(pk=int(asked[:18]), team_id=team_id).first()


def _initial(request: HttpRequest, offer: Offer | None, team_id: int) -> dict[str, Any]:
    asked = {name: request.GET[name][:120] for name in PREFILLED if name in request.GET}
    usual = {"currency": listing.reader_of(request).target}
    if offer is None:
        return {**usual, "kind": Offer.Kind.GPU, "mode": Offer.Mode.RESERVED, **asked}
    names = ("kind", "provider", "gpu", "gpu_count", "mode", "term_months", "region")
    values = {name: getattr(offer, name) for name in names}
    held = [r.observation for r in quotes.current(team_id) if r.offer_id == offer.pk]
    known = {q.measure: q.amount.normalize() for q in held if q is not None and q.amount}
    more = {"currency": held[0].currency, "evidence": held[0].evidence} if held and held[0] else {}
    return {**usual, **values, "model": offer.source_name or offer.model, **known, **more, **asked}


def _back(request: HttpRequest) -> str:
    """Return the page of the product that asked for the quote, "" when none did."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    host = request.get_host()
    is_own = url_has_allowed_host_and_scheme(asked, {host}, require_https=request.is_secure())
    return asked if is_own and asked.startswith("/") else ""


def _worth(quote: Observation | None, rates: Rates, target: str) -> Any:
    if quote is None or quote.amount is None:
        raise Http404
    return listing.worth(quote.amount, quote.currency, rates, target)


def _records(team_id: int) -> list[dict[str, Any]]:
    return [
        {
            **{name: getattr(row.offer, name) for name in export.COLUMNS[1:]},
            "offer_id": row.offer_id,
            "measure": row.measure,
            "amount": quote.amount,
            "currency": quote.currency,
            "unit": quote.unit,
            "valid_from": quote.valid_from,
            "valid_until": quote.valid_until,
            "evidence": quote.evidence,
            "evidence_sha256": quote.evidence_file.sha256 if quote.evidence_file else "",
            "added_by": quote.decided_by,
            "added_at": quote.seen_at,
        }
        for row in quotes.current(team_id)
        if (quote := row.observation) is not None
    ]
