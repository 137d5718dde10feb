"""The portfolio: how does every decision that the reader may see stand at current prices?

Rows are read as plain values and written out here, so the page costs the same few queries, and little
more than a bare list, whatever the number of decisions.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from decisions import access
from decisions.models import Decision, Flag, Review, Team
from decisions.templatetags.figures import money, when

PER_PAGE = 50
SORTS = {
    "team": ("team__name", "name"),
    "name": ("name",),
    "cost": (F("standing__chosen_per_month").desc(nulls_last=True), "name"),
    "difference": (F("standing__regret_per_month").desc(nulls_last=True), "name"),
}
COLUMNS = (
    "pk",
    "name",
    "currency",
    "team_id",
    "team__name",
    "team__is_demo",
    "chosen__name",
    "standing__chosen_per_month",
    "standing__best_name",
    "standing__best_per_month",
    "standing__regret_per_month",
    "standing__mistakes",
    "standing__problem",
)


@login_required
def show(request: HttpRequest) -> HttpResponse:
    """Show every decision with its cost, the best option, the next review and its flags."""
    teams = list(access.teams_of(request.user).order_by("name"))
    chosen = _filters(request, teams)
    decisions = _filtered(access.decisions_of(request.user), chosen)
    totals = _totals(decisions)
    paginator = Paginator(decisions.order_by(*SORTS[chosen["sort"]]).values(*COLUMNS), PER_PAGE)
    # The totals know the count already.
    paginator.count = sum(each["decisions"] for each in totals)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _rows(list(page.object_list)),
        "totals": totals,
        "teams": teams,
        "chosen": chosen,
        "is_filtered": bool(chosen["team"] or chosen["flagged"] or chosen["archived"]),
        "editable": access.teams_edited_by(request.user).order_by("name"),
    }
    return render(request, "portfolio/show.html", context)


def _filters(request: HttpRequest, teams: list[Team]) -> dict[str, Any]:
    """Return what the reader asked for; what makes no sense is as if it had not been asked."""
    asked = request.GET
    sort = asked.get("sort", "team")
    return {
        "team": next((t.pk for t in teams if str(t.pk) == asked.get("team")), None),
        "flagged": asked.get("flagged") == "1",
        "archived": asked.get("archived") == "1",
        "sort": sort if sort in SORTS else "team",
    }


def _filtered(decisions: QuerySet[Decision], chosen: dict[str, Any]) -> QuerySet[Decision]:
    decisions = decisions.filter(archived_at__isnull=not chosen["archived"])
    if chosen["team"]:
        decisions = decisions.filter(team_id=chosen["team"])
    if chosen["flagged"]:
        open_flags = Flag.objects.filter(decision=OuterRef("pk"), closed_at=None)
        decisions = decisions.filter(Exists(open_flags))
    return decisions


def _totals(decisions: QuerySet[Decision]) -> list[Any]:
    """Return count and monthly sums by currency: sums of different currencies mean nothing."""
    return list(
        decisions.order_by("currency")
        .values("currency")
        .annotate(
            decisions=Count("pk"),
            known=Count("standing__chosen_per_month"),
            cost=Sum("standing__chosen_per_month"),
            difference=Sum("standing__regret_per_month"),
        )
    )


def _rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [row["pk"] for row in found]
    reviews, flags, today = _next_reviews(ids), _open_flags(ids), timezone.localdate()
    return [
        _row(row, review=reviews.get(row["pk"]), flags=flags.get(row["pk"], ()), today=today)
        for row in found
    ]


def _row(
    row: dict[str, Any], *, review: Review | None, flags: Iterable[str], today: date
) -> dict[str, Any]:
    currency = row["currency"]
    return {
        **row,
        "cost": _per_month(row["standing__chosen_per_month"], currency, row["chosen__name"]),
        "best_cost": _per_month(
            row["standing__best_per_month"], currency, row["standing__best_name"]
        ),
        "difference": _difference(row["standing__regret_per_month"], currency),
        "review": review,
        "review_state": review.says_state if review else "",
        "review_due": when(review.due_on) if review else "",
        "is_late": review is not None and review.due_on < today,
        "flags": flags,
    }


def _per_month(amount: Decimal | None, currency: str, option: str | None) -> str:
    return money(amount, currency) if option else ""


def _difference(amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return ""
    return money(amount, currency) if amount else "none"


def _next_reviews(ids: list[int]) -> dict[int, Review]:
    """Return the earliest review of each decision that is not signed yet."""
    waiting = Review.objects.filter(decision__in=ids).exclude(state=Review.State.SIGNED)
    found: dict[int, Review] = {}
    waiting = waiting.select_related("decision").only(
        "state", "due_on", "submitted_version", "decision__version"
    )
    for review in waiting.order_by("due_on"):
        found.setdefault(review.decision_id, review)
    return found


def _open_flags(ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for flag in Flag.objects.filter(decision__in=ids, closed_at=None).only("decision_id", "kind"):
        found[flag.decision_id].append(flag.get_kind_display())
    return found


urlpatterns = [path("", show, name="portfolio")]
