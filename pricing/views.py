"""Which pages show the price book, and who may change it?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from pricing import access, export, history, listing, pull, quarantine, queries, quotes, sources
from pricing.currency import Rates
from pricing.forms import DecisionForm, QuoteForm, SearchForm
from pricing.models import CurrentPrice, ExchangeRate, Offer, SourceHealth

PER_PAGE = 50


@login_required
def price_list(request: HttpRequest) -> HttpResponse:
    """Show the offers that fit a search, with their prices."""
    form = SearchForm(request.GET)
    rows, page = listing.page_of(form.asked(), number=request.GET.get("page"))
    health = list(SourceHealth.objects.all())
    shown = {
        "form": form,
        "rows": rows,
        "page": page,
        "rate": ExchangeRate.objects.filter(currency="USD").order_by("-date").first(),
        "only_bundled": bool(health) and all(h.is_bundled for h in health),
        "failing": [h for h in health if h.error],
        "waiting": quarantine.waiting().count(),
    }
    return render(request, "prices/list.html", shown)


@login_required
def price_download(request: HttpRequest, form: str) -> HttpResponse:
    """Return everything that fits a search as CSV or JSON."""
    asked = SearchForm(request.GET).asked()
    rows, _ = listing.page_of(asked, number=1, per_page=listing.MOST_IN_FILE)
    found = export.records(rows)
    if form == "json":
        answer: HttpResponse = JsonResponse(found, safe=False)
    else:
        answer = HttpResponse(export.as_csv(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="prices.{form}"'
    return answer


@login_required
def price_detail(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Show one offer: what it costs, who says so, and how that moved."""
    offer = get_object_or_404(Offer, pk=offer_id)
    team_ids = _teams_with_quotes(request.user, offer)
    if offer.for_team_id is not None and offer.for_team_id not in team_ids:
        raise Http404
    rates = Rates()
    pulled = queries.prices_for([offer.pk], team_id=offer.for_team_id)[offer.pk]
    seen = history.observations(offer, team_ids=team_ids)
    shown = {
        "offer": offer,
        "row": listing.row_of(pulled, rates),
        "lines": history.lines(seen),
        "page": Paginator(seen, PER_PAGE).get_page(request.GET.get("page")),
        "others": [
            [listing.shown(other, rates) for other in price.others]
            for price in pulled.measures.values()
        ],
        "rate": ExchangeRate.objects.filter(currency="USD").order_by("-date").first(),
    }
    return render(request, "prices/detail.html", shown)


@login_required
def price_sources(request: HttpRequest) -> HttpResponse:
    """Show how each source fares."""
    health = {h.source: h for h in SourceHealth.objects.all()}
    # A cloud that was pulled by hand has health, though it is not among the usual ones.
    known = [*sources.found(), *(name for name in health if name not in sources.found())]
    rows = [(sources.get(name), health.get(name)) for name in sorted(known)]
    return render(request, "prices/sources.html", {"rows": rows})


@login_required
@require_POST
def source_pull(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a pull of a source, as background work."""
    access.require_judge(request.user)
    try:
        source = sources.get(name)
    except KeyError as error:
        raise Http404 from error
    now = timezone.now()
    # One click a minute is one pull: a double click is no second one.
    key = f"{pull.KIND}:{name}:{now:%Y-%m-%dT%H:%M}"
    pull.ask(name, at=now, key=key, by=str(request.user.get_username()))
    messages.success(request, f"{source.title} will be pulled; the result appears here.")
    return redirect("price-sources")


@login_required
def price_quarantine(request: HttpRequest) -> HttpResponse:
    """Show the prices that wait for a second source or a person."""
    page = Paginator(quarantine.waiting(), PER_PAGE).get_page(request.GET.get("page"))
    shown = {"page": page, "may_decide": access.may_judge_prices(request.user)}
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
def quote_add(request: HttpRequest, team_id: int) -> HttpResponse:
    """Put a team's own price into the book."""
    access.require_editor(request.user, team_id)
    offer = _offer_to_quote(request, team_id)
    form = QuoteForm(request.POST or None, initial=_initial(offer))
    if request.method == "POST" and form.is_valid():
        try:
            added = quotes.add(
                team_id=team_id,
                terms=form.terms(),
                offer=offer,
                amounts=form.amounts(),
                currency_code=form.cleaned_data["currency"],
                valid_until=form.valid_until_moment(),
                evidence=form.cleaned_data["evidence"],
                by=request.user.get_username(),
                at=timezone.now(),
            )
        except quotes.NotAllowed as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, "The quote stands before pulled prices, for this team alone.")
            return redirect("price-detail", added[0].offer_id)
    shown = {"form": form, "team_id": team_id, "offer": offer}
    return render(request, "prices/quote.html", shown, status=422 if form.errors else 200)


def _offer_to_quote(request: HttpRequest, team_id: int) -> Offer | None:
    asked = request.GET.get("offer", "")
    if not asked.isdecimal():
        return None
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=team_id)
    return get_object_or_404(Offer, visible, pk=int(asked[:18]))


def _initial(offer: Offer | None) -> dict[str, Any]:
    if offer is None:
        return {"currency": "EUR", "kind": Offer.Kind.GPU, "mode": Offer.Mode.RESERVED}
    names = ("kind", "provider", "gpu", "gpu_count", "mode", "term_months", "region")
    values = {name: getattr(offer, name) for name in names}
    return {**values, "model": offer.source_name or offer.model, "currency": "EUR"}


def _teams_with_quotes(user: Any, offer: Offer) -> list[int]:
    rows = offer.observations.filter(for_team_id__isnull=False).order_by()
    ids = rows.values_list("for_team_id", flat=True).distinct()
    return [
        team_id for team_id in ids if team_id is not None and access.may_see_team(user, team_id)
    ]
