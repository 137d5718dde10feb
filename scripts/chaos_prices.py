"""What do the price sources survive? Prints what was served, what came of it, and the seed.

    scripts/chaos_prices.py [faults|urls|bombs] [--seed N]

`faults` lets a server on loopback answer each source wrongly in every way that `tests/pricing/faults.py`
knows, and asks for a pull as it runs in production: nothing may be accepted, each pull may take 30 s and
64 MB. `urls` leads a source, its next page and a webhook to addresses where they should not go, and
counts what arrives there. `bombs` times the refusal of answers that unpack, nest or number too much.

Each pull runs in a process of its own, on a copy of a database in memory.
"""

import argparse
import json
import multiprocessing
import os
import random
import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ.pop("TEST_PROFILE", None)

import django

django.setup()

from django.conf import settings
from django.test.runner import DiscoverRunner
from django.utils import timezone
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from decisions import channels
from pricing import families, pull
from pricing.models import CurrentPrice, ExchangeRate, Observation, SourceHealth
from tests.pricing import faults
from tests.pricing.conftest import day

BEFORE, NOW = day("2026-11-19"), day("2026-11-20")
MOST_SECONDS, MOST_MB, MOST_BOMB_SECONDS = 30.0, 64.0, 2.0
AT_ONCE = 4
FORK = multiprocessing.get_context("fork")


class Outcome(NamedTuple):
    """What one pull came to."""

    what: str
    seconds: float
    megabytes: float
    is_unharmed: bool
    reason: str


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""


class Raw(Response):
    """Sends its headers as they are, however broken."""

    def get_wsgi_headers(self, environ: Any) -> Any:
        """Return the headers."""
        return self.headers


def serve(app: Callable[[Request], Response], arrived: Any, host: str = "127.0.0.1") -> int:
    """Start a server in a process of its own and return its port. It counts what arrives."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port = int(probe.getsockname()[1])

    @Request.application
    def counted(request: Request) -> Response:
        with arrived.get_lock():
            arrived.value += 1
        return app(request)

    def run() -> None:
        make_server(host, port, counted, threaded=True, request_handler=Quiet).serve_forever()

    FORK.Process(target=run, daemon=True).start()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return port
    raise SystemExit("The fault server did not start.")


def faulty(request: Request) -> Response:
    """Answer with the fault that the address names by its source and number."""
    _, source, number, *rest = request.path.split("/")
    if source.startswith("gpuhunt") and rest == ["version"]:
        return Response("1", mimetype="text/plain")
    found = faults.answer(source, faults.ALL[int(number)])
    return found if isinstance(found, Response) else found(request)


def in_processes(acts: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Run each act in a process of its own, some at once, and return what they came to, in order."""
    waiting = list(enumerate(acts))
    running: dict[int, tuple[Any, Any]] = {}
    found: dict[int, Outcome] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number, act = waiting.pop(0)
            ours, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(target=_send, args=(theirs, act))
            process.start()
            theirs.close()
            running[number] = process, ours
        for number, (process, ours) in list(running.items()):
            if ours.poll(0.02) or not process.is_alive():
                try:
                    found[number] = ours.recv()
                except EOFError:
                    found[number] = Outcome("a process died", 0, 0, is_unharmed=False, reason="")
                process.join()
                del running[number]
    return [found[number] for number in range(len(acts))]


def _send(pipe: Any, act: Callable[[], Outcome]) -> None:
    pipe.send(act())


def measured(what: str, source: str, address: str) -> Outcome:
    """Pull a source from an address, and compare the book before with the book after."""
    name = source.partition(":")[0]
    settings.PRICE_SOURCE_URLS = {name: address, "frankfurter": address}
    before, begun, memory = believed(), time.monotonic(), _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    report = pull.pull(source, at=NOW)
    seconds, more = time.monotonic() - begun, (_memory("VmHWM") - memory) / 1000
    health = SourceHealth.objects.get(source=source)
    said = report.error == health.error != "" and health.last_success_at == BEFORE
    return Outcome(what, seconds, more, said and believed() == before, report.error)


def believed() -> tuple[Any, ...]:
    """Return every price in use, and how many were ever accepted."""
    held = CurrentPrice.objects.values_list("offer__key", "measure", "observation__amount")
    count = Observation.objects.filter(status="accepted").count()
    return sorted(held), count, ExchangeRate.objects.count()


def _memory(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0])


def try_faults(draw: random.Random) -> int:
    """Serve each fault to each source; return how many did harm."""
    port = serve(faulty, FORK.Value("i", 0))
    cases = [(s, n) for s in faults.GOOD for n in range(len(faults.ALL))]
    draw.shuffle(cases)
    acts = [
        partial(
            measured,
            f"{source}|{faults.ALL[number]}",
            source,
            f"http://127.0.0.1:{port}/{source}/{number}/version",
        )
        for source, number in cases
    ]
    outcomes = in_processes(acts)
    print(f"\n{len(faults.ALL)} faults × {len(faults.GOOD)} sources\n")
    print("| source | faults | did harm | slowest | most memory |\n|---|---|---|---|---|")
    for source in faults.GOOD:
        of = [o for o in outcomes if o.what.startswith(f"{source}|")]
        slow, large = max(o.seconds for o in of), max(o.megabytes for o in of)
        harmed = sum(map(harmful, of))
        print(f"| {source} | {len(of)} | {harmed} | {slow:.1f} s | {large:.0f} MB |")
    return report_harm(outcomes)


def harmful(outcome: Outcome) -> bool:
    """Return whether a fault changed the book, had no reason, or took too long or too much."""
    too_much = outcome.seconds > MOST_SECONDS or outcome.megabytes > MOST_MB
    return too_much or not outcome.is_unharmed


def report_harm(outcomes: list[Outcome]) -> int:
    """Print each pull that did harm and return how many did."""
    harmed = [o for o in outcomes if harmful(o)]
    for o in harmed:
        print(f"HARM {o.what}: {o.seconds:.1f} s, {o.megabytes:.0f} MB, “{o.reason}”")
    return len(harmed)


def hostile(port: int, port_6: int) -> list[str]:
    """Return addresses that lead to where nobody should go, in every way that they are written."""
    here = [
        "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "127.1.1.1",
        "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
        "0.0.0.0", "0", "127.0.0.1.", "%31%32%37.0.0.1", "①②⑦.⓪.⓪.①", "user@127.0.0.1",  # noqa: S104
        "user:secret@127.0.0.1", "example.com@127.0.0.1", "example.com%40127.0.0.1",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", socket.gethostname(),
    ]  # fmt: skip
    found = [f"http://{host}:{port}/secret" for host in here]
    found += [f"https://{host}:{port}/secret" for host in here[:6]]
    found += [f"http://{host}:{port_6}/secret" for host in ("[::1]", "[0:0:0:0:0:0:0:1]", "[::]")]
    found += [
        f"//127.0.0.1:{port}/secret", f"///127.0.0.1:{port}/secret", f"\\\\127.0.0.1:{port}\\secret",
        f"http:\\\\127.0.0.1:{port}\\secret", f"HTTP://127.0.0.1:{port}/secret",
        f"http://127.0.0.1:{port}#@example.com/", f"http://127.0.0.1:{port}?@example.com/",
        f"http://[::1%25lo]:{port_6}/", f" http://127.0.0.1:{port}/", f"http:127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}/..;/secret", f"http://127.0.0.1:0{port}/secret",
        f"gopher://127.0.0.1:{port}/_GET", f"ftp://127.0.0.1:{port}/x", f"dict://127.0.0.1:{port}/x",
        f"ldap://127.0.0.1:{port}/x", f"tftp://127.0.0.1:{port}/x", f"ws://127.0.0.1:{port}/x",
        f"jar:http://127.0.0.1:{port}!/x", f"view-source:http://127.0.0.1:{port}/",
        "file:///etc/passwd", "file://localhost/etc/passwd", "data:text/plain,x", "javascript:1",
        "blob:x", "about:blank", "mailto:a@example.org", "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/info", "http://", "http://:80/", "http://[",
        "http://\x00127.0.0.1/", f"http://127.0.0.1\r\nHost:x:{port}/", "http://169.254.169.254/",
        "http://[fd00:ec2::254]/", "http://10.0.0.1:1/", "http://192.168.0.1:1/", "http://172.16.0.1:1/",
        "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://224.0.0.1:1/",
    ]  # fmt: skip
    return found


def try_urls(draw: random.Random) -> int:
    """Lead requests to hostile addresses; return how many arrived there."""
    arrived = FORK.Value("i", 0)
    port = serve(lambda request: Response('{"a": 1}', mimetype="application/json"), arrived)
    port_6 = serve(lambda r: Response("{}"), arrived, "::1") if socket.has_ipv6 else port
    urls = hostile(port, port_6)
    draw.shuffle(urls)
    lead = serve(lambda request: leading(request, urls), FORK.Value("i", 0))
    settings.NOTICES_PRIVATE_ADDRESSES = False
    acts: list[Callable[[], Outcome]] = []
    for number, url in enumerate(urls):
        start = f"http://127.0.0.1:{lead}"
        redirect, following = f"{start}/redirect/{number}", f"{start}/next/{number}"
        acts += [
            partial(measured, f"redirect to {url!r}", "litellm", redirect),
            partial(measured, f"next page {url!r}", "azure_retail", following),
            partial(posted, url),
        ]
    outcomes = in_processes(acts)
    with arrived.get_lock():
        came = int(arrived.value)
    slow = max(o.seconds for o in outcomes)
    print(f"\n{len(urls)} hostile addresses as a redirect, a next page and a webhook:", end=" ")
    print(f"{came} requests arrived, the slowest refusal took {slow:.1f} s")
    return came + report_harm(outcomes)


def leading(request: Request, urls: list[str]) -> Response:
    """Lead the asker on to a hostile address."""
    _, how, number = request.path.split("/")
    url = urls[int(number)]
    if how == "next":
        page = {"Items": [{"armSkuName": "x"}], "NextPageLink": url}
        return Response(json.dumps(page), mimetype="application/json")
    location = quote(url, safe="".join(map(chr, range(33, 127))))
    answer = Raw(status=302)
    answer.headers["Location"] = location
    return answer


def posted(url: str) -> Outcome:
    """Post a notice to an address that somebody entered."""
    message = channels.Message(
        id="<chaos@example.org>", kind="test", subject="s", text="t", html="h", link="", facts={}
    )
    begun = time.monotonic()
    try:
        channels.post_webhook(message, url=url, secret="s", at=timezone.now())  # noqa: S106
        reason = ""
    except Exception as error:  # noqa: BLE001 - whatever is raised, it was not sent
        reason = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - begun
    return Outcome(f"webhook {url!r}", seconds, 0, is_unharmed=bool(reason), reason=reason)


def try_bombs(draw: random.Random) -> int:
    """Time the refusal of each bomb by each source; return how many took too long."""
    kinds = ("200 MB", "1,000,000", "200,000 deep", "nested", "larger")
    numbers = [n for n, name in enumerate(faults.ALL) if any(kind in name for kind in kinds)]
    port = serve(faulty, FORK.Value("i", 0))
    cases = [(s, n) for s in faults.GOOD for n in numbers]
    draw.shuffle(cases)
    outcomes = []
    for source, number in cases:
        address = f"http://127.0.0.1:{port}/{source}/{number}/version"
        what = f"{source}|{faults.ALL[number]}"
        outcomes += in_processes([partial(measured, what, source, address)])
    print("\n| bomb | slowest refusal of 7 sources | most memory |\n|---|---|---|")
    for number in numbers:
        of = [o for o in outcomes if o.what.endswith(f"|{faults.ALL[number]}")]
        slow, large = max(o.seconds for o in of), max(o.megabytes for o in of)
        print(f"| {faults.ALL[number]} | {slow:.2f} s | {large:.0f} MB |")
    late = [o for o in outcomes if o.seconds > MOST_BOMB_SECONDS]
    for o in late:
        print(f"LATE {o.what}: {o.seconds:.2f} s")
    return len(late) + report_harm(outcomes)


ROUNDS = {"faults": try_faults, "urls": try_urls, "bombs": try_bombs}


def main() -> int:
    """Run the rounds that were asked for, and end with 1 when anything did harm."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("round", nargs="?", choices=ROUNDS)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    DiscoverRunner(verbosity=0).setup_databases()
    families.load_shipped()
    for source, body in faults.GOOD.items():
        pull.pull(source, at=BEFORE, body=body)
    harmed = 0
    for name in [asked.round] if asked.round else ROUNDS:
        draw = random.Random(asked.seed)  # noqa: S311
        harmed += ROUNDS[name](draw)
    print(f"\n{harmed} did harm", flush=True)
    return 1 if harmed else 0


if __name__ == "__main__":
    sys.exit(main())
