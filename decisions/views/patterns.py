"""How is one of the usual mixes put together?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from decisions import access, patterns
from decisions.forms.patterns import PatternForm
from decisions.models import Decision
from decisions.views.changing import person, saved


@login_required
def pattern(request: HttpRequest, decision_id: int, slug: str) -> HttpResponse:
    """Ask for shares and options of a pattern, and add it as a mix."""
    decision = access.decision_to_edit(request.user, decision_id)
    found = patterns.find(slug)
    if found is None:
        raise Http404
    form = _form(decision, found, data=request.POST if request.method == "POST" else None)

    def change() -> None:
        patterns.add_mix(
            decision,
            name=form.cleaned_data["name"],
            routes=form.routes(),
            by=person(request),
            at=timezone.now(),
            version=form.cleaned_data["version"],
        )

    if form.is_valid() and saved(form, change, stored=lambda: _form(_again(decision), found)):
        messages.success(request, "The mix is added, and its classes are stored with the workload.")
        return redirect("decision-options", decision.pk)
    context = {
        "decision": decision,
        "pattern": found,
        "form": form,
        "others": [each for each in patterns.PATTERNS if each is not found],
        "enough": decision.options.exclude(kind="hybrid").count() > 1,
    }
    return render(request, "options/pattern.html", context)


def _form(decision: Decision, found: patterns.Pattern, *, data: Any = None) -> PatternForm:
    return PatternForm(
        data,
        initial={"version": decision.version},
        pattern=found,
        options=list(decision.options.all()),
    )


def _again(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


urlpatterns = [
    path("decisions/<int:decision_id>/options/mixes/<slug:slug>/", pattern, name="option-pattern"),
]
