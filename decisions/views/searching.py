"""Searches that a person keeps, of records and of the audit trail."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from decisions import access
from decisions.forms.searching import SaveSearchForm
from decisions.models import SavedSearch, User
from decisions.searching import Asked
from decisions.views.signed_in import SignedInRequest

PAGES = {SavedSearch.Page.RECORDS: "record-list", SavedSearch.Page.AUDIT: "audit-list"}


def context(user: User, page: SavedSearch.Page, asked: Asked) -> dict[str, Any]:
    """Return what `parts/saved_searches.html` shows."""
    return {
        "search_page": page,
        "query": urlencode(asked.values),
        "saved": SavedSearch.objects.filter(person=user, page=page),
        "asked": asked.values,
        "is_filtered": bool(asked),
    }


@login_required
@require_POST
def save(request: SignedInRequest) -> HttpResponse:
    """Keep a search under a name; the same name again replaces what it stood for."""
    form = SaveSearchForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the search a name of up to 80 characters. It was not kept.")
        return redirect(_address(request.POST.get("page", ""), request.POST.get("query", "")))
    page, query = form.cleaned_data["page"], form.cleaned_data["query"]
    SavedSearch.objects.update_or_create(
        person=request.user, page=page, name=form.cleaned_data["name"], defaults={"query": query}
    )
    messages.success(request, f"“{form.cleaned_data['name']}” is kept.")
    return redirect(_address(page, query))


@login_required
@require_POST
def forget(request: SignedInRequest, search_id: int) -> HttpResponse:
    """Forget a search that the person kept, and stay where it led: it can be kept again there."""
    found = access.saved_search(request.user, search_id)
    found.delete()
    messages.success(request, f"“{found.name}” is forgotten. Its filter is still shown below.")
    return redirect(_address(found.page, found.query))


def _address(page: str, query: str) -> str:
    known = page if page in SavedSearch.Page.values else SavedSearch.Page.RECORDS
    address = reverse(PAGES[SavedSearch.Page(known)])
    return f"{address}?{query[:1000]}" if query else address


urlpatterns = [
    path("searches/", save, name="search-save"),
    path("searches/<int:search_id>/forget/", forget, name="search-forget"),
]
