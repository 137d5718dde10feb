"""What is lost, and what happens twice, when processes are killed? One part per subject; prints its seed.

python scripts/chaos.py reminders --kills 200 --seed 7
python scripts/chaos.py races --kills 200 --seed 7   (1,000 races of signers, 500 edits)
python scripts/chaos.py jobs --kills 50 --seed 7     (2,000 jobs, 10 wiped queues)
"""

import argparse
import logging
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

import chaos_jobs
import races
from django.conf import settings
from django.db import connection, connections
from django.test.utils import setup_databases
from django.utils import timezone

from decisions import channels, deliveries, reminders
from decisions.models import Delivery, Reminder, Review
from jobs import work
from jobs.models import Job
from tests import factories, smtp

# Where a process ends: before it wrote the reminder, with it written and its transaction open, after
# that, before the mail, after the mail server took it, and with the effect written but not committed.
POINTS = ("scheduling", "writing", "written", "claimed", "mailed", "finishing")


def _die(*_: Any, **__: Any) -> None:
    # At once: no clean-up, no open transaction finished.
    os._exit(9)


def _then_die(act: Callable[..., Any]) -> Callable[..., Any]:
    def acted(*args: Any, **named: Any) -> None:
        act(*args, **named)
        _die()

    return acted


def _child(point: str, *, now: datetime) -> None:
    """Do what clock and worker do, and die at the point."""
    if point == "scheduling":
        reminders._write = _die  # type: ignore[assignment]
    if point == "writing":
        deliveries.ask = _then_die(deliveries.ask)
    reminders.schedule(now=now)
    if point == "written":
        _die()
    if point == "claimed":
        channels.send_mail = _die
    if point == "mailed":
        channels.send_mail = _then_die(channels.send_mail)
    if point == "finishing":
        work.finish = _finish_half
    for job_id in _open_jobs():
        work.perform(job_id)


def _finish_half(held: work.Claim, *, effect: work.Effect) -> bool:
    from django.db import transaction

    with transaction.atomic():
        effect()
        _die()
    return False


def _open_jobs() -> list[int]:
    # The lease of the one that died is over: two minutes later, without waiting for them.
    past = timezone.now() - timedelta(1)
    Job.objects.filter(state=Job.State.RUNNING).update(lease_until=past)
    Job.objects.filter(state=Job.State.WAITING).update(due_at=past)
    waiting = Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def killed(point: str, *, now: datetime) -> bool:
    """Fork a process that dies at the point; return whether it did."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            _child(point, now=now)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


def reminders_part(*, kills: int, seed: int) -> bool:
    """Kill at every named point; then every reminder is there, mailed, and a repeat is the same mail."""
    pick = random.Random(seed)  # noqa: S311 - a seed that can be repeated
    team = factories.make_team("Chaos")
    factories.make_member(team)
    # In the past: a job whose time has not come is not begun.
    due_on = date(2025, 12, 31)
    begun = datetime(2025, 12, 1, tzinfo=UTC)
    # Enough decisions for all the kills.
    for number in range(max(2, kills // 2)):
        Review.objects.create(
            decision=team.decisions.create(name=f"Workload {number}"),
            year=2025,
            quarter=4,
            due_on=due_on + timedelta(days=number),
            created_at=begun,
        )
    last = due_on + timedelta(days=max(2, kills // 2) + 7)
    days = [begun + timedelta(days=n) for n in range((last - begun.date()).days + 1)]
    done: Counter[str] = Counter()
    with smtp.listening() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        for now in days:
            while sum(done.values()) < kills and pick.random() < 0.85:
                point = pick.choice(POINTS)
                done[point] += killed(point, now=now)
                if point in ("scheduling", "writing") and pick.random() < 0.5:
                    break
            reminders.schedule(now=now)
            for job_id in _open_jobs():
                work.perform(job_id)
        return _counted(sink, last=last, done=done)


def _counted(sink: smtp.Sink, *, last: date, done: Counter[str]) -> bool:
    """Print and return whether nothing was lost and nothing came twice under two ids."""
    expected = set()
    for review in Review.objects.all():
        for step, _ in reminders.steps_until(review, today=last, first_day=date.min):
            expected.add((review.pk, step))
    rows = Counter(Reminder.objects.values_list("review", "step"))
    ids = Counter(str(mail["Message-ID"]) for mail in sink.taken)
    known = {d.message_id: (d.review_id, d.step) for d in Delivery.objects.all()}
    reached = {known[each] for each in ids if each in known}
    lost, unsent = expected - set(rows), expected - reached
    double = [key for key, times in Counter(known[each] for each in ids).items() if times > 1]
    print(f"kills: {sum(done.values())} {dict(done)}")
    print(f"reminders: {len(expected)}; lost: {len(lost | unsent)}; rows twice: ", end="")
    print(f"{sum(times - 1 for times in rows.values())}; under two Message-IDs: {len(double)}")
    print(f"mails: {len(sink.taken)}, of them repeats with the same Message-ID: ", end="")
    print(sum(times - 1 for times in ids.values()))
    return not (lost or unsent or double) and max(rows.values()) == 1


PARTS = {"reminders": reminders_part, "races": races.races_part, "jobs": chaos_jobs.jobs_part}
KILLS = {"jobs": 50}


def main() -> int:
    """Run the parts that were asked for on a database of their own; 1 when one broke a promise."""
    ask = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    ask.add_argument("part", nargs="*", choices=[*PARTS, []], help="by default all")
    ask.add_argument("--kills", type=int, help="by default 50 for jobs, 200 for the others")
    ask.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = ask.parse_args()
    database = connections["default"].settings_dict
    folder = Path(os.environ["VAR_DIR"]) / "chaos.sqlite3"
    name = str(folder) if connection.vendor == "sqlite" else f"breakeven_chaos_{os.getpid()}"
    database["TEST"]["NAME"] = name
    # Each race that is told of would say so.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    made = setup_databases(verbosity=0, interactive=False)
    good = True
    try:
        for part in asked.part or PARTS:
            print(f"{part}: seed {asked.seed}, {connection.vendor}", flush=True)
            good &= PARTS[part](kills=asked.kills or KILLS.get(part, 200), seed=asked.seed)
    finally:
        made[0][0].creation.destroy_test_db(made[0][1], verbosity=0)
    print("every promise held" if good else "A PROMISE WAS BROKEN")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
