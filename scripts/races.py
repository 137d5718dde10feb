"""Two people sign one review at once, or store on one version at once: does exactly one win?

A part of chaos.py. Signatures go through the page, with the password: one gets the record, the other the
page of status 409. Every other race is between threads of one process, the rest between two processes.
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from django.db import connections
from django.test import Client
from django.utils import timezone

from decisions import audit, cadence, drafts, reviews, seen, standing
from decisions.models import Approval, Decision, Review, Snapshot, User
from tests.decisions import stories

WON, TOLD, FAILED = 0, 3, 1
# Of every person that the stories make.
PASSWORD = "a long password"  # noqa: S105 - of people that this run makes
EDITS_PER_RACE = 2
# The numbers of a quarter's reviews have two digits.
REVIEWS_PER_QUARTER = 40
FIRST_YEAR = 2000

Attempt = Callable[[], None]


class Told(Exception):
    """The page of status 409: somebody was faster."""


def _tried(attempt: Attempt) -> int:
    try:
        attempt()
    except (Told, drafts.Stale):
        return TOLD
    except Exception as error:  # noqa: BLE001 - whatever else happens is what is looked for
        print(f"unexpected: {error!r}", flush=True)
        return FAILED
    return WON


def between_threads(attempts: list[Attempt]) -> list[int]:
    """Return how each attempt ended, all begun together in threads of this process."""
    start, ends = threading.Barrier(len(attempts)), dict[int, int]()

    def run(number: int) -> None:
        start.wait(30)
        ends[number] = _tried(attempts[number])
        connections.close_all()

    threads = [threading.Thread(target=run, args=[n]) for n in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return [ends.get(number, FAILED) for number in range(len(attempts))]


def between_processes(attempts: list[Attempt]) -> list[int]:
    """Return how each attempt ended, each in a process of its own, begun together."""
    connections.close_all()
    waits, go = os.pipe()
    children = []
    for attempt in attempts:
        child = os.fork()
        if child == 0:
            os.close(go)
            # Ends when the parent closes the other end: all at once.
            os.read(waits, 1)
            os._exit(_tried(attempt))
        children.append(child)
    os.close(waits)
    os.close(go)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def _ways(pick: random.Random) -> Callable[[list[Attempt]], list[int]]:
    return pick.choice([between_threads, between_processes])


def _signed_in(person: User) -> Client:
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    client.force_login(person)
    return client


def signatures(*, races: int, pick: random.Random) -> bool:
    """Let two approvers sign each review at once; print and return whether one won every time."""
    story = stories.ready()
    second = stories.person(story.team, "second@example.org", "approver")
    ends: Counter[tuple[int, ...]] = Counter()
    decision, at = story.decision, timezone.now() - timedelta(days=1)
    signers = [_signed_in(each) for each in (story.approver, second)]
    for number in range(races):
        if number and number % REVIEWS_PER_QUARTER == 0:
            # To a year of their own, where they are in nobody's way.
            earlier = decision.reviews.filter(year__gte=FIRST_YEAR)
            earlier.update(year=number // REVIEWS_PER_QUARTER)
        if number:
            cadence.bring_forward(decision, because="Another race.", at=at)
        review = decision.reviews.exclude(state=Review.State.SIGNED).get()
        reviews.submit(review, note="", by=story.manager, at=at)
        review.refresh_from_db()
        saw = seen.now(review, standing.answer(review.decision)).as_text()
        pick.shuffle(signers)
        attempts = [_signing(review.pk, client=client, seen=saw) for client in signers]
        ends[tuple(sorted(_ways(pick)(attempts)))] += 1
    signed = Approval.objects.count(), Snapshot.objects.count()
    print(
        f"signatures: {races} races of two; one won and one was told in {ends[WON, TOLD]}; ", end=""
    )
    print(f"approvals {signed[0]}, records {signed[1]}, chain: {audit.first_broken() or 'whole'}")
    return ends[WON, TOLD] == races == signed[0] == signed[1] and audit.first_broken() is None


def _signing(review_id: int, *, client: Client, seen: str) -> Attempt:
    entered = {"password": PASSWORD, "note": "", "seen": seen}

    def sign() -> None:
        answer = client.post(f"/reviews/{review_id}/sign-off/", entered)
        if answer.status_code == 409:
            raise Told
        if answer.status_code != 302:
            raise RuntimeError(f"status {answer.status_code}")

    return sign


def edits(*, count: int, pick: random.Random) -> bool:
    """Let two people store on one version at once; print and return whether one was told always."""
    decision = Decision.objects.select_related("team").get(name="Answers")
    writers = list(User.objects.filter(memberships__team=decision.team)[:EDITS_PER_RACE])
    ends: Counter[tuple[int, ...]] = Counter()
    overwritten = 0
    for number in range(count // EDITS_PER_RACE):
        version = Decision.objects.values_list("version", flat=True).get(pk=decision.pk)
        volumes = [1e9 + number * 10 + place for place in range(len(writers))]
        attempts = [
            _storing(decision.pk, volume, version=version, by=by)
            for volume, by in zip(volumes, writers, strict=True)
        ]
        how = _ways(pick)(attempts)
        ends[tuple(sorted(how))] += 1
        stored = Decision.objects.select_related("workload").get(pk=decision.pk)
        won = [volume for volume, end in zip(volumes, how, strict=True) if end == WON]
        overwritten += [stored.workload.input_tokens_per_month] != won
        overwritten += stored.version != version + 1
    races = count // EDITS_PER_RACE
    print(f"edits: {count} of two people at once; one won and one was told in ", end="")
    print(f"{ends[WON, TOLD]} of {races} pairs; silent overwrites: {overwritten}")
    return ends[WON, TOLD] == races and not overwritten


def _storing(decision_id: int, volume: float, *, version: int, by: User) -> Attempt:
    def store() -> None:
        drafts.set_workload(
            Decision.objects.select_related("team").get(pk=decision_id),
            fields={"input_tokens_per_month": volume, "output_tokens_per_month": 3e8},
            by=by,
            at=stories.NOW,
            version=version,
        )

    return store


def races_part(*, kills: int, seed: int) -> bool:
    """Run five races of signers for each kill asked for, and half as many edits."""
    pick = random.Random(seed)  # noqa: S311 - a seed that can be repeated
    signed = signatures(races=kills * 5, pick=pick)
    return edits(count=max(2, kills * 5 // 2), pick=pick) and signed
