"""What do records survive? Prints what was tried, what was found, and the seed that repeats it.

    scripts/chaos_records.py [kills|tampers|speed] [--count N] [--seed N]

`kills` ends workers with SIGKILL while they render, sign and store. `tampers` changes signed files and
asks the offline verifier. `speed` renders, signs, and checks a long audit trail. Databases and folders
are its own.
"""

import argparse
import hashlib
import io
import os
import random
import signal
import statistics
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.core.management import call_command
from django.db import connections, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from decisions import audit, inspection, records, rendering, signing
from decisions.models import AuditEvent, Record
from jobs import work
from jobs.models import Job
from tests import factories
from tests.decisions import record_examples


def kills(count: int, draw: random.Random) -> int:
    """Kill `count` workers while they make records; return how many records are wrong after it."""
    decision = factories.make_decision(factories.make_team("Killed"), by=factories.make_user())
    snapshots = [factories.make_snapshot(decision) for _ in range(max(2, count // 20))]
    with transaction.atomic():
        for snapshot in snapshots:
            records.ask_for_pdf(snapshot, at=timezone.now(), by="chaos")
    jobs = Job.objects.filter(kind=records.KIND)
    jobs.update(max_attempts=10**6)
    times: list[float] = [_perform(jobs[0].pk, after=None)]
    for _ in range(count):
        waiting = jobs.exclude(state=Job.State.DONE).values_list("pk", flat=True)
        if not waiting:
            with transaction.atomic():
                snapshots.append(factories.make_snapshot(decision))
                records.ask_for_pdf(snapshots[-1], at=timezone.now(), by="chaos")
            jobs.update(max_attempts=10**6)
        _perform(draw.choice(list(waiting.all())), after=draw.uniform(0, times[0] * 1.1))
        _release()
    made_while_killed = Record.objects.count()
    for job_id in jobs.exclude(state=Job.State.DONE).values_list("pk", flat=True):
        work.perform(job_id)
    wrong = sum(
        hashlib.sha256(bytes(each.pdf)).hexdigest() != each.pdf_sha256
        or bool(inspection.first_fault(bytes(each.pdf)))
        for each in Record.objects.all()
    )
    events = AuditEvent.objects.filter(what="record rendered").count()
    wrong += abs(Record.objects.count() - len(snapshots)) + abs(events - len(snapshots))
    wrong += audit.first_broken() is not None
    print(
        f"{count} kills, {len(snapshots)} records ({made_while_killed} before the last kill), "
        f"{events} events of their making: {wrong} bad, missing or orphan"
    )
    return wrong


def _release() -> None:
    """Let the next worker take what a killed one held, as time would."""
    Job.objects.filter(state=Job.State.RUNNING).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def _perform(job_id: int, *, after: float | None) -> float:
    """Do a job in a process of its own, killed `after` seconds; return how long it took."""
    connections.close_all()
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            work.perform(job_id)
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.monotonic() - begun


def signed_example() -> bytes:
    """Return a signed record."""
    text = record_examples.as_text(record_examples.record())
    return signing.sign(rendering.render(text).pdf, record_id="BE-2026Q4-000042").pdf


def tampers(count: int, draw: random.Random) -> int:
    """Change a signed file in `count` ways; return how many the offline verifier missed."""
    good = signed_example()
    if inspection.first_fault(good):
        raise SystemExit("the untouched file does not verify")
    ways = (_one_byte, _one_bit, _cut_short, _appended, _exchanged, _swapped, _updated, _resigned)
    found: Counter[str] = Counter()
    missed = 0
    for number in range(count):
        way = ways[number % len(ways)]
        changed = way(good, draw)
        fault = inspection.first_fault(changed) if changed != good else "unchanged"
        found[fault or "MISSED"] += 1
        missed += not fault
        if not fault:
            print(f"missed: {way.__name__}, number {number}")
    print(f"{count} tampers, {missed} missed; found by: {dict(found.most_common())}")
    return missed


def _one_byte(good: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(good))
    return good[:place] + bytes([(good[place] + draw.randrange(1, 256)) % 256]) + good[place + 1 :]


def _one_bit(good: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(good))
    return good[:place] + bytes([good[place] ^ 1 << draw.randrange(8)]) + good[place + 1 :]


def _cut_short(good: bytes, draw: random.Random) -> bytes:
    return good[: draw.randrange(len(good))]


def _appended(good: bytes, draw: random.Random) -> bytes:
    return good + draw.randbytes(draw.randrange(1, 2000))


def _exchanged(good: bytes, draw: random.Random) -> bytes:
    place, size = draw.randrange(len(good) - 200), draw.randrange(2, 200)
    return good[:place] + draw.randbytes(size) + good[place + size :]


def _swapped(good: bytes, draw: random.Random) -> bytes:
    first, second = sorted(draw.sample(range(len(good)), 2))
    return good[:first] + good[second:] + good[first:second]


def _updated(good: bytes, draw: random.Random) -> bytes:
    """Append a proper incremental update, as an editor would."""
    from pyhanko.pdf_utils.generic import NameObject, TextStringObject

    writer = IncrementalPdfFileWriter(io.BytesIO(good))
    writer.root[NameObject("/Changed")] = TextStringObject(str(draw.random()))
    writer.update_root()  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _resigned(good: bytes, draw: random.Random) -> bytes:
    """Hide the signature's field, so that the file looks as if it had never had one."""
    return good.replace(b"/AcroForm", b"/Acr" + str(draw.randrange(1000, 9999)).encode() + b"m")


def speed(count: int, draw: random.Random) -> int:
    """Compare with WeasyPrint alone, make `count` records, and check a trail of 20,000 events."""
    _against_weasyprint()
    begun = time.monotonic()
    for _ in range(count):
        signed_example()
    seconds = time.monotonic() - begun
    print(f"{count} records by one process: {count / seconds * 60:.0f} a minute")
    with transaction.atomic():
        for number in range(20_000 - AuditEvent.objects.count()):
            audit.write(
                "measured", by="chaos", at=timezone.now(), subject=f"{number}", after={"n": 1}
            )
    begun = time.monotonic()
    broken = audit.first_broken()
    print(f"verify_audit: {20_000 / (time.monotonic() - begun):,.0f} events a second")
    return int(broken is not None)


def _against_weasyprint() -> None:
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    from decisions.rendering import pages, pdf

    record = record_examples.record()
    sha256 = hashlib.sha256(record_examples.as_text(record).encode()).hexdigest()
    html = render_to_string(
        "records/pdf.html", pages.contents(record, room=pdf.ROOMS[0], sha256=sha256)
    )

    def bare() -> None:
        fonts, files = FontConfiguration(), pdf.OwnFiles()
        own = {"base_url": pdf.OWN, "url_fetcher": files}
        style = weasyprint.CSS(string=pdf.STYLE.read_text(), font_config=fonts, **own)
        weasyprint.HTML(string=html, **own).write_pdf(stylesheets=[style], font_config=fonts)

    ours: list[float] = []
    theirs: list[float] = []
    for round_ in range(6):
        for act, into in ((signed_example, ours), (bare, theirs)):
            begun = time.perf_counter()
            act()
            if round_:
                into.append(time.perf_counter() - begun)
    mine, plain = statistics.median(ours), statistics.median(theirs)
    print(
        f"rendered and signed {mine:.2f} s, WeasyPrint alone {plain:.2f} s: {mine / plain:.2f}× "
        "(the example's evaluation included)"
    )


PARTS = {"kills": (kills, 200), "tampers": (tampers, 1000), "speed": (speed, 20)}


def main() -> None:
    """Do the parts that were asked for; exit with 1 when anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    wrong = 0
    for name in [asked.part] if asked.part else PARTS:
        act, usual = PARTS[name]
        print(f"{name}, seed {asked.seed}:", flush=True)
        wrong += act(asked.count or usual, random.Random(asked.seed))  # noqa: S311 - repeatable
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
