"""Who is the cheapest: the hosts of one model, and the sellers of each GPU?"""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from pricing import access, cheapest, export, hosts, listing
from pricing.currency import Rates
from pricing.forms import MixForm

MOST_BARS = 20


@login_required
@require_GET
def price_hosts(request: HttpRequest) -> HttpResponse:
    """Compare the hosts of one model at the reader's mix of tokens."""
    reader = listing.reader_of(request)
    form = MixForm(request.GET)
    model = request.GET.get("model", "").strip()[:120]
    if not model:
        shown: dict[str, Any] = {
            "form": form,
            "reader": reader,
            "models": hosts.models(form.text()),
        }
        return render(request, "prices/hosts.html", shown)
    mix = form.mix()
    found = hosts.compare(
        model, mix=mix, rates=Rates(), target=reader.target, team_id=reader.team_id
    )
    if wanted := export.asked_form(request):
        return export.answer(_host_records(found, reader.target), form=wanted, name="hosts")
    bars = [h for h in found if h.blended is not None and not h.is_gone][:MOST_BARS]
    shown = {
        "form": form,
        "reader": reader,
        "model": model,
        "hosts": found,
        "bars": [(h.offer.name, h.blended) for h in bars],
        "mix": mix,
        "rate_date": _rate_date(found),
    }
    return render(request, "prices/hosts.html", shown)


@login_required
@require_GET
def price_gpus(request: HttpRequest) -> HttpResponse:
    """Show the cheapest price of each GPU now, on each of its terms."""
    reader = listing.reader_of(request)
    text = request.GET.get("q", "")[:60]
    rows = cheapest.table(
        text=text,
        rates=Rates(),
        target=reader.target,
        team_id=reader.team_id,
        now=timezone.now(),
    )
    if wanted := export.asked_form(request):
        return export.answer(_gpu_records(rows, reader.target), form=wanted, name="gpus")
    days = [
        terms.cheapest.shown.rate_date
        for row in rows
        for terms in row.terms
        if terms.cheapest and terms.cheapest.shown.rate_date
    ]
    team_id = reader.team_id
    shown = {
        "reader": reader,
        "q": text,
        "rows": rows,
        "columns": [label for _, _, label in cheapest.COLUMNS],
        "rate_date": min(days, default=None),
        "quote_team": team_id if team_id and access.may_edit_team(request.user, team_id) else None,
    }
    return render(request, "prices/gpus.html", shown)


def _rate_date(found: list[hosts.Host]) -> Any:
    days = [s.rate_date for h in found for s in (h.input, h.output) if s and s.rate_date]
    return min(days, default=None)


def _host_records(found: list[hosts.Host], target: str) -> list[dict[str, Any]]:
    return [
        {
            **{name: getattr(host.offer, name) for name in export.COLUMNS if "gpu" not in name},
            **_amounts("input", host.input),
            **_amounts("output", host.output),
            **_amounts("cached_input", host.cached),
            "blended_per_mtok": None if host.blended is None else round(host.blended, 9),
            "blended_currency": target,
            "cached_is_assumed": host.cached_is_assumed,
            "is_gone": host.is_gone,
        }
        for host in found
    ]


def _amounts(name: str, shown: listing.Shown | None) -> dict[str, Any]:
    price = None if shown is None else shown.price
    return {
        f"{name}_per_mtok": price.amount if price else None,
        f"{name}_currency": price.currency if price else "",
        f"{name}_source": price.source if price else "",
    }


def _gpu_records(rows: list[cheapest.GpuRow], target: str) -> list[dict[str, Any]]:
    return [
        {
            "gpu": row.gpu,
            "gpu_is_known": row.is_known,
            "mode": terms.mode,
            "term_months": terms.term_months,
            "offer_id": found.offer.offer_id,
            "provider": found.offer.provider,
            "region": found.offer.region,
            "gpu_count": found.offer.gpu_count,
            "amount_per_gpu_hour": found.shown.price.amount,
            "currency": found.shown.price.currency,
            "converted_amount": found.shown.converted and round(found.shown.converted, 9),
            "converted_currency": target,
            "source": found.shown.price.source,
            "checked_at": found.shown.price.checked_at,
            "is_stale": found.shown.price.is_stale,
        }
        for row in rows
        for terms in row.terms
        if (found := terms.cheapest) is not None
    ]
