"""What does the article that Breakeven stems from claim, and what follows from its inputs?"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from decisions import article
from decisions.article import Case, Figure
from decisions.templatetags.figures import money, months, number, percent, tokens, tokens_per_s
from pricing import export

# How a figure of each unit is written; the others are a number and their unit.
WRITTEN: dict[str, Callable[[Any], str]] = {
    "EUR": lambda value: money(value, "EUR"),
    "EUR/GPU-h": lambda value: f"{money(value, 'EUR')} per GPU-hour",
    "tokens": tokens,
    "tokens/s": tokens_per_s,
    "months": months,
    # An availability is told by its second place.
    "%": lambda value: f"{number(value * 100, 2)}%" if 0.99 < value < 1 else percent(value),
    "×": lambda value: f"{number(value, 1)} ×",
}


@login_required
@require_safe
def recomputed(request: HttpRequest) -> HttpResponse:
    """Show each claim beside the figures that follow, by topic and verdict; as a file when asked."""
    topic, verdict = (request.GET.get(name, "") for name in ("topic", "verdict"))
    every = article.cases()
    found = [case for case in every if topic in ("", case.topic) and verdict in ("", case.verdict)]
    if form := export.asked_form(request):
        return export.answer(_records(found), form=form, name="article-recomputed")
    counts = Counter(case.verdict for case in every)
    context = {
        "cases": [(case, article.VERDICTS[case.verdict], _written(case)) for case in found],
        "total": len(every),
        "found": counts,
        "counts": [(name, says, counts[name]) for name, says in article.VERDICTS.items()],
        "topics": list(dict.fromkeys(case.topic for case in every)),
        "topic": topic,
        "verdict": verdict,
    }
    return render(request, "article/recomputed.html", context)


def _written(case: Case) -> list[tuple[str, str]]:
    return [(figure.what, written(figure)) for figure in case.figures]


def written(figure: Figure) -> str:
    """Return the figure in the reader's form, with its unit."""
    if isinstance(figure.value, str):
        return figure.value
    if figure.unit in WRITTEN:
        return WRITTEN[figure.unit](figure.value)
    return f"{number(figure.value, 1).removesuffix('.0')} {figure.unit}".rstrip()


def _records(found: list[Case]) -> list[dict[str, Any]]:
    return [
        {
            "id": case.id,
            "topic": case.topic,
            "claim": case.claim,
            "says": case.says,
            "verdict": case.verdict,
            "reads": case.reads,
            "figure": figure.what,
            "value": figure.value,
            "unit": figure.unit,
        }
        for case in found
        for figure in case.figures
    ]


urlpatterns = [path("article/", recomputed, name="article")]
