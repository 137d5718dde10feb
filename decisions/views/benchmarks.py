"""What has the team measured, how far is it from the estimate, and which options use it?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, benchmarks, drafts
from decisions.forms import figures
from decisions.forms.benchmarks import BenchmarkForm
from decisions.models import Benchmark, Option, User
from decisions.views.options import faults_of
from decisions.views.signed_in import SignedInRequest


@login_required
def list_all(request: SignedInRequest, team_id: int) -> HttpResponse:
    """List the team's benchmarks, each beside the estimate for the same load."""
    team = access.team(request.user, team_id)
    context = {
        "team": team,
        "rows": [
            benchmarks.compared(each) for each in team.benchmarks.select_related("team")[:200]
        ],
        "may_edit": access.may_edit(request.user, team),
    }
    return render(request, "benchmarks/list.html", context)


@login_required
def add(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Take a result file or one run's figures."""
    team = access.team_to_edit(request.user, team_id)
    form = BenchmarkForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            stored = benchmarks.add(
                team,
                setup=form.setup(),
                runs=form.runs,
                file=form.content,
                file_name=file.name[:200] if file else "",
                by=request.user,
                at=timezone.now(),
            )
        except benchmarks.Refused as refusal:
            form.add_error(refusal.field, refusal.says)
        else:
            messages.success(request, "The benchmark is stored.")
            if len(stored) == 1:
                return redirect("benchmark-detail", team.pk, stored[0].pk)
            return redirect("benchmark-list", team.pk)
    own = team.own_models.values_list("name", flat=True)
    context = {"team": team, "form": form, "known_names": figures.known_names(own_models=own)}
    return render(request, "benchmarks/add.html", context)


@login_required
def detail(request: SignedInRequest, team_id: int, benchmark_id: int) -> HttpResponse:
    """Show measured against estimated, and offer the options that can take the figure."""
    benchmark = access.benchmark(request.user, team_id, benchmark_id)
    options = [
        {
            "option": option,
            "is_used": benchmark.sha256 in str(option.figures.get("measured_source", "")),
            "other_shape": benchmarks.other_shape(option, benchmark),
        }
        for option in benchmarks.options_for(benchmark)
    ]
    context = {
        "team": benchmark.team,
        "benchmark": benchmark,
        "compared": benchmarks.compared(benchmark),
        "options": options,
        "may_edit": access.may_edit(request.user, benchmark.team),
    }
    return render(request, "benchmarks/detail.html", context)


@login_required
@require_POST
def use(request: SignedInRequest, team_id: int, benchmark_id: int) -> HttpResponse:
    """Put the measured figure into one of the team's options."""
    benchmark = access.benchmark_to_edit(request.user, team_id, benchmark_id)
    given = request.POST.get("option", "")
    wanted = {str(option.pk): option for option in benchmarks.options_for(benchmark)}.get(given)
    if wanted is None:
        messages.error(request, "This option is not on the GPU, model and format measured.")
        return redirect("benchmark-detail", team_id, benchmark_id)
    try:
        _use(benchmark, wanted, by=request.user)
    except (benchmarks.Refused, drafts.Refused) as refusal:
        messages.error(request, f"{wanted.name} was not changed. {refusal.says}")
    except drafts.Stale as stale:
        messages.error(request, str(stale))
    else:
        messages.success(request, f"{wanted.name} now uses what was measured: evidence A.")
    return redirect("benchmark-detail", team_id, benchmark_id)


def _use(benchmark: Benchmark, option: Option, *, by: User) -> None:
    with transaction.atomic():
        version = option.decision.version
        benchmarks.use(benchmark, option=option, by=by, at=timezone.now(), version=version)
        for where, says in faults_of(option.decision, option.name):
            raise drafts.Refused("option", f"{where}: {says}")


@login_required
def remove(request: SignedInRequest, team_id: int, benchmark_id: int) -> HttpResponse:
    """Ask whether a benchmark should be forgotten, and forget it."""
    benchmark = access.benchmark_to_edit(request.user, team_id, benchmark_id)
    if request.method != "POST":
        context = {"team": benchmark.team, "benchmark": benchmark}
        return render(request, "benchmarks/remove.html", context)
    benchmarks.remove(benchmark, by=request.user, at=timezone.now())
    messages.success(request, "The benchmark is forgotten.")
    return redirect("benchmark-list", team_id)


_ONE = "teams/<int:team_id>/benchmarks/<int:benchmark_id>/"
urlpatterns = [
    path("teams/<int:team_id>/benchmarks/", list_all, name="benchmark-list"),
    path("teams/<int:team_id>/benchmarks/add/", add, name="benchmark-add"),
    path(_ONE, detail, name="benchmark-detail"),
    path(f"{_ONE}use/", use, name="benchmark-use"),
    path(f"{_ONE}remove/", remove, name="benchmark-remove"),
]
