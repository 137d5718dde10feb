"""How fast is it, how much memory does it take? Prints the table of the README.

Pages are compared with a plain Django page in turns, each seven times, so that whatever else the
machine does meets both alike; the ratio is of the medians. All of it runs on databases of its own.
"""

import io
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

import bench_rechecks
import numpy
import psutil
import weasyprint
from django.core.management import call_command
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django.utils import timezone

from config import urls
from decisions import audit, evaluation, rendering, signing, standing
from decisions.formulas import fleet
from decisions.models import Decision, Flag, Review, Snapshot, Team, User
from decisions.rendering import pages, pdf
from decisions.views import portfolio
from tests import factories

ROUNDS = 7
PAGES_A_ROUND = 20
PLAIN = engines["django"].from_string("""<!DOCTYPE html><html lang="en"><title>Decisions</title>
<table><tr><th>Decision<th>Team<th>Chosen<th>Chosen costs<th>Best<th>Best costs<th>Difference
<th>Next review<th>To look at</tr>
{% for row in rows %}<tr><td><a href="/decisions/{{ row.pk }}/">{{ row.name }}</a></td>
<td>{{ row.team.name }}</td><td>{{ row.chosen.name }}</td><td>{{ row.standing.chosen_per_month }}</td>
<td>{{ row.standing.best_name }}</td><td>{{ row.standing.best_per_month }}</td>
<td>{{ row.standing.regret_per_month }}</td>
<td>{% for review in row.reviews.all %}{{ review.get_state_display }} {{ review.due_on }}{% endfor %}</td>
<td>{% for flag in row.flags.all %}{{ flag.get_kind_display }}{% endfor %}</td></tr>
{% endfor %}</table></html>""")


def plain_list(request: HttpRequest) -> HttpResponse:
    """Answer with the portfolio's rows and columns as any Django list page would show them."""
    rows = (
        Decision.objects.filter(team__name="Measured")
        .select_related("team", "chosen", "standing")
        .prefetch_related("reviews", "flags")
        .order_by("team__name", "name")[: portfolio.PER_PAGE]
    )
    return HttpResponse(PLAIN.render({"rows": rows}, request))


def row(what: str, figure: str, asked: str = "") -> None:
    """Print one line of the table."""
    print(f"| {what} | {figure} | {asked} |", flush=True)


def milliseconds(act: Callable[[], Any], *, times: int) -> float:
    """Return the mean milliseconds that `act` takes, over `times` calls."""
    begun = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - begun) / times * 1000


def in_turns(*acts: Callable[[], Any]) -> list[float]:
    """Return each act's median milliseconds over the rounds, after one unmeasured call of each."""
    for act in acts:
        act()
    rounds = [[milliseconds(act, times=PAGES_A_ROUND) for act in acts] for _ in range(ROUNDS)]
    return [statistics.median(each) for each in zip(*rounds, strict=True)]


def make_decisions(numbers: range, *, team: Team, by: User) -> None:
    """Make decisions with all that the portfolio shows: a choice, a review, sometimes a flag."""
    for number in numbers:
        decision = factories.make_decision(
            team, by=by, name=f"Workload {number:03}", chosen=("Closed", "Managed")[number % 2]
        )
        Review.objects.get_or_create(
            decision=decision,
            year=2026,
            quarter=4,
            defaults={"due_on": "2026-12-31", "created_at": timezone.now()},
        )
        if number % 5 == 0 and not Flag.objects.filter(decision=decision).exists():
            factories.make_flag(decision)
        standing.update(decision, at=timezone.now())


def measure_pages() -> None:
    """Compare the portfolio and the decision page with the plain page."""
    addresses: list[Any] = urls.urlpatterns
    addresses.append(path("plain/", plain_list))
    team, manager = factories.make_team("Measured"), factories.make_user()
    factories.make_member(team, user=manager)
    client = Client(SERVER_NAME="localhost")
    client.force_login(manager)

    def get(address: str) -> None:
        answered = client.get(address)
        if answered.status_code != 200:
            raise SystemExit(f"{address} answered {answered.status_code}")

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            get(reverse("portfolio"))
        return len(caught)

    portfolio.PER_PAGE = 100
    make_decisions(range(10), team=team, by=manager)
    few = queries()
    make_decisions(range(10, 100), team=team, by=manager)
    many = queries()
    detail = reverse("decision-detail", args=[Decision.objects.latest("pk").pk])
    plain, shown, one = in_turns(
        lambda: get("/plain/"), lambda: get(reverse("portfolio")), lambda: get(detail)
    )
    row("a plain Django list page of 100 rows", f"{plain:.1f} ms")
    row("the portfolio of the same 100", f"{shown:.1f} ms = {shown / plain:.2f}×", "≤ 1.5×")
    row("a decision's page", f"{one:.1f} ms = {one / plain:.2f}×", "≤ 3×")
    row("queries of the portfolio with 10 and with 100", f"{few} and {many}", "the same")


def measure_evaluation() -> None:
    """Time the evaluation of the largest decision of the demo, without and with the draws."""
    team = {"team__is_demo": True}
    answers = [standing.answer(decision) for decision in Decision.objects.filter(**team)]
    asked = max((a.asked for a in answers if a.result), key=lambda asked: len(asked.raw["options"]))

    def evaluate(draws: int) -> None:
        evaluation.as_json(evaluation.evaluate(evaluation.read(asked.raw), draws=draws))

    evaluate(0)
    alone = statistics.median(milliseconds(lambda: evaluate(0), times=5) for _ in range(ROUNDS))
    drawn = statistics.median(
        milliseconds(lambda: evaluate(10_000), times=1) for _ in range(ROUNDS)
    )
    options = len(asked.raw["options"])
    row(f"evaluating a decision of {options} options", f"{alone:.1f} ms", "≤ 20 ms")
    row("the same with 10,000 draws", f"{drawn:.0f} ms", "≤ 150 ms")


def measure_mix() -> None:
    """Time the best number of replicas over a year of hours, every number up to 64 tried."""
    hours = numpy.random.default_rng(0).uniform(0, 1e8, 8760).tolist()
    terms = fleet.Terms(tokens_per_hour=2e6, rent_per_hour=4.0, api_per_mtok=3.0)
    found = statistics.median(
        milliseconds(lambda: fleet.plan(hourly_tokens=hours, terms=terms), times=5)
        for _ in range(ROUNDS)
    )
    row("the best of 0 to 64 replicas over 8,760 hours", f"{found:.1f} ms", "≤ 200 ms")


def measure_rendering() -> None:
    """Time the signed PDF of the demo's record against WeasyPrint alone on the same HTML."""
    snapshot = Snapshot.objects.filter(is_demo=True).order_by("pk").first()
    if snapshot is None:
        row("rendering the demo's record", "no signed record in the demo")
        return
    html = html_of(snapshot)
    bare, ours = [], []
    for _ in range(5):
        begun = time.perf_counter()
        weasyprint.HTML(string=html).write_pdf()
        bare.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        made = rendering.render(snapshot.record_json)
        signing.sign(made.pdf, record_id=snapshot.record_id)
        ours.append(time.perf_counter() - begun)
    kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ratio = statistics.median(ours) / statistics.median(bare)
    what = (
        f"making and signing the demo's record: {made.pages} pages, {len(made.pdf) / 1000:.0f} kB"
    )
    figure = f"{statistics.median(ours):.2f} s = {ratio:.2f}× bare WeasyPrint, {kib / 1024:.0f} MB"
    row(what, figure, "≤ 1.3×")


def html_of(snapshot: Snapshot) -> str:
    """Return the HTML that the record's PDF is laid out from, its style sheet inside."""
    room = pdf.ROOMS[0]
    record = json.loads(snapshot.record_json)
    variables = pages.contents(record, room=room, sha256=snapshot.sha256, without=frozenset())
    html = render_to_string("records/pdf.html", variables)
    return html.replace("</head>", f"<style>{pdf.STYLE.read_text()}</style></head>")


def measure_search() -> None:
    """Compare the auditor's search over 500 records with the same over 50,000."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(factories.make_user(is_auditor=True))
    asked = {"text": "workload", "option": "managed", "period": "2026 Q4"}
    medians = []
    for most in (500, 50_000):
        have = Snapshot.objects.count()
        Snapshot.objects.bulk_create(
            (snapshot_of(number) for number in range(have, most)), batch_size=2000
        )
        get = partial(client.get, reverse("record-list"), asked)
        get()
        medians.append(statistics.median(milliseconds(get, times=3) for _ in range(ROUNDS)))
    few, many = medians
    figure = f"{few:.0f} and {many:.0f} ms = {many / few:.2f}×"
    row("an auditor's search over 500 and over 50,000 records", figure, "≤ 3×")


def snapshot_of(number: int) -> Snapshot:
    """Return one of very many records, not stored; one in ten fits the search, a full page at least."""
    fits = number % 10 == 0
    return Snapshot(
        review_id_text=f"bench-{number}",
        record_id=f"BE-BENCH-{number}",
        team_id_text=str(number % 40),
        decision_id_text=str(number % 9000),
        team_name=f"Team {number % 40}",
        decision_name=f"Workload {number % 9000}",
        period="2026 Q4" if fits else f"20{number % 20 + 6:02} Q{number % 4 + 1}",
        prepared_by="Ann <ann@example.org>",
        approved_by="Bob <bob@example.org>",
        signed_at=timezone.now(),
        due_on="2026-12-31" if fits else f"20{number % 20 + 6:02}-03-31",
        chosen_name="Managed open model" if fits else "Closed API",
        record_json="{}",
        sha256=f"{number:064}",
    )


def measure_trail() -> None:
    """Time the check of the whole audit chain."""
    with transaction.atomic():
        for number in range(5000):
            audit.write("measured", by="bench", at=timezone.now(), subject=f"event {number}")
    count = audit.head()[0]
    seconds = statistics.median(milliseconds(audit.first_broken, times=1) for _ in range(5)) / 1000
    row(f"checking an audit trail of {count:,} events", f"{count / seconds:,.0f}/s", "≥ 20,000/s")


def measure_idle() -> None:
    """Start the whole product beside the one that may run, and look at it while nothing happens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    folder = tempfile.mkdtemp()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "TEST_QUEUE"}
    }
    environment |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": folder,
        "PORT": str(port),
        "ENV_FILE": os.devnull,
    }
    quiet: Any = {"cwd": HERE, "env": environment, "stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, "scripts/prepare.py"], check=True, **quiet)
    begun = time.monotonic()
    product = subprocess.Popen([sys.executable, "scripts/run.py"], **quiet)
    try:
        while not is_well(port):
            time.sleep(0.1)
            if time.monotonic() - begun > 60:
                raise SystemExit("the product did not start in 60 s")
        row(
            "from start until web, worker and scheduler are well",
            f"{time.monotonic() - begun:.1f} s",
            "≤ 10 s",
        )
        # What the first minute brings is done by then.
        time.sleep(45)
        before, memory = cpu_seconds(product.pid), used(product.pid)
        time.sleep(60)
        share = (cpu_seconds(product.pid) - before) / 60
        row("the whole product, idle: memory (PSS)", f"{memory:.0f} MB", "≤ 250 MB")
        row("the whole product, idle: processor", f"{share:.1%} of a core", "≤ 1 %")
    finally:
        product.send_signal(signal.SIGTERM)
        product.wait()
        shutil.rmtree(folder, ignore_errors=True)


def is_well(port: int) -> bool:
    """Return whether the product says that all of it lives."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it started."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """Return the processor time of all living processes of the product."""
    return sum(sum(each.cpu_times()[:2]) for each in family(pid))


def used(pid: int) -> float:
    """Return megabytes: shared memory counted once where the system can tell."""
    infos = [each.memory_full_info() for each in family(pid)]
    return float(sum(getattr(info, "pss", info.uss) for info in infos) / 2**20)


def main() -> None:
    """Measure everything, the loud part first."""
    call_command("migrate", verbosity=0)
    call_command("load_embedded_prices", stdout=io.StringIO())
    call_command("load_demo", stdout=io.StringIO())
    print("| measured | here | asked |\n|---|---|---|")
    measure_pages()
    measure_evaluation()
    measure_mix()
    bench_rechecks.measure_screening(row)
    bench_rechecks.measure_recheck(row)
    measure_rendering()
    measure_trail()
    measure_search()
    measure_idle()


if __name__ == "__main__":
    main()
