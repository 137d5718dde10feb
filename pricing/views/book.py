"""Which prices are known? The list, a download of it, and the page of one offer."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from pricing import access, export, history, listing, quarantine, queries
from pricing.currency import Rates
from pricing.forms import SearchForm
from pricing.freshness import NOTICE_DAYS, Sources
from pricing.models import Observation, Offer

PER_PAGE = 50


@login_required
def price_list(request: HttpRequest) -> HttpResponse:
    """Show the offers that fit a search, with their prices."""
    form = SearchForm(request.GET)
    reader = listing.reader_of(request)
    sources = Sources()
    rows, page = listing.page_of(
        form.asked(),
        number=request.GET.get("page"),
        target=reader.target,
        team_id=reader.team_id,
        sources=sources,
    )
    health = sources.health
    shown = {
        "form": form,
        "rows": rows,
        "page": page,
        "reader": reader,
        "ending": listing.ending(reader.team_id, timezone.now()).count(),
        "notice_days": NOTICE_DAYS,
        "rate_date": listing.rate_date(rows),
        "only_bundled": bool(health) and all(h.is_bundled for h in health),
        "failing": [h for h in health if h.error and not h.is_out_of_reach],
        "out_of_reach": [h for h in health if h.is_out_of_reach],
        "waiting": quarantine.waiting().count(),
    }
    return render(request, "prices/list.html", shown)


@login_required
def price_download(request: HttpRequest, form: str) -> HttpResponse:
    """Return everything that fits a search as CSV or JSON."""
    reader = listing.reader_of(request)
    rows, _ = listing.page_of(
        SearchForm(request.GET).asked(),
        number=1,
        target=reader.target,
        team_id=reader.team_id,
        per_page=listing.MOST_IN_FILE,
    )
    return export.answer(export.records(rows, reader.target), form=form, name="prices")


@login_required
def price_detail(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Show one offer: what it costs, who says so, and how that moved."""
    offer = get_object_or_404(Offer, pk=offer_id)
    team_ids = _teams_with_quotes(request.user, offer)
    if offer.for_team_id is not None and offer.for_team_id not in team_ids:
        raise Http404
    rates, target = Rates(), listing.reader_of(request).target
    pulled = queries.prices_for([offer.pk], team_id=offer.for_team_id)[offer.pk]
    seen = history.observations(offer, team_ids=team_ids)
    if form := export.asked_form(request):
        return export.answer(_seen_records(seen), form=form, name=f"price-{offer.pk}")
    row = listing.row_of(pulled, rates, target)
    shown = {
        "offer": offer,
        "row": row,
        "rate_date": listing.rate_date([row]),
        "lines": history.lines(seen),
        "page": Paginator(seen, PER_PAGE).get_page(request.GET.get("page")),
        "others": [
            (listing.shown(other, rates, target), _difference(other, price))
            for price in pulled.measures.values()
            for other in price.others
        ],
        "is_disputed": any(price.is_disputed for price in pulled.measures.values()),
        "quote_teams": _teams_to_quote(request.user, offer),
        "target": target,
    }
    return render(request, "prices/detail.html", shown)


def _teams_with_quotes(user: Any, offer: Offer) -> list[int]:
    rows = offer.observations.filter(for_team_id__isnull=False).order_by()
    ids = rows.values_list("for_team_id", flat=True).distinct()
    return [
        team_id for team_id in ids if team_id is not None and access.may_see_team(user, team_id)
    ]


def _teams_to_quote(user: Any, offer: Offer) -> list[tuple[int, str]]:
    """Return the teams for which the person may quote this offer."""
    return [
        (number, name)
        for number, name in access.teams_edited(user)
        if offer.for_team_id in (None, number)
    ]


def _difference(other: queries.Price, used: queries.Price) -> str:
    """Say by how much another source differs, "" when it does not."""
    if other.currency != used.currency or not queries.differs(other.amount, used.amount):
        return ""
    share = round((other.amount / used.amount - 1) * 100)
    return f"{abs(share)} % {'more' if share > 0 else 'less'}"


def _seen_records(seen: list[Observation]) -> list[dict[str, Any]]:
    names = (
        "seen_at", "measure", "amount", "currency", "unit", "valid_from", "valid_until", "source",
        "source_revision", "source_url", "status", "reason", "decided_by", "evidence",
    )  # fmt: skip
    return [{name: getattr(row, name) for name in names} for row in seen]
