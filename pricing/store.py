"""What is written when a pull succeeds, and what when it fails?

The success runs inside the one transaction that marks the job done. A failure touches nothing but
the source's health: what was accepted stays, and its age goes on showing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pricing import book, currency, families, quarantine, rates
from pricing.guards import whole
from pricing.models import SourceHealth
from pricing.report import Report
from pricing.sources import Fetched
from pricing.sources.ecb import Rate
from pricing.things import Quote, Reading
from pricing.weigh import ACCEPTED, QUARANTINED, REJECTED, Key, Known, Weighed, weigh


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An answer and the circumstances of it.

    `is_late`: it is older than what is stored, read in afterwards, so it becomes history only.
    """

    sighting: book.Sighting
    fetched: Fetched
    checked_at: datetime
    is_late: bool = False
    # Of what bears on prices in the answer, whatever its order; "" where the source has none.
    digest: str = ""

    @property
    def source(self) -> str:
        """Return the source's name."""
        return self.sighting.source


def prices(seen: Seen, found: Reading) -> Report:
    """Append what the answer changes and return what it came to."""
    sighting = seen.sighting
    at = sighting.seen_at
    quotes = _in_stated_currencies(found.quotes, currency.stated(seen.source))
    known = book.known_at(seen.source, at) if seen.is_late else book.known_now(seen.source)
    is_dated = any(quote.valid_from is not None for quote in quotes)
    history = book.history(seen.source) if is_dated else frozenset()
    moves = not seen.is_late
    released = _released(seen.source) if moves else {}
    known_here = _spoken_of(known, found)
    weighed = weigh(quotes, known=known_here, history=history, at=at, released=released)
    book.append(weighed.changes, seen=sighting, known=known, moves_pointers=moves)
    families.mark_open({q.thing.model for q in quotes if q.thing.weights == "open"})
    withdrawn = book.withdraw(weighed.gone, seen=sighting, known=known, moves_pointers=moves)
    confirmed = quarantine.confirm_by_second_source(at=at) if moves else []
    report = _report(seen, weighed, withdrawn, confirmed.count(seen.source))
    if moves and weighed.is_doubtful:
        _note_doubt(report, at=seen.checked_at)
    elif moves:
        _note_success(seen, report, weighed)
    return report


def _spoken_of(known: dict[Key, Known], found: Reading) -> dict[Key, Known]:
    """Return what is known, less what the answer says nothing of: silence takes nothing away."""
    if not found.silent_about:
        return known
    silent = {name.lower() for name in found.silent_about}
    said = {quote.thing.key for quote in found.quotes}
    return {k: was for k, was in known.items() if k[0] in said or k[0].split("|")[3] not in silent}


def _in_stated_currencies(quotes: list[Quote], stated: dict[str, str]) -> list[Quote]:
    if not stated:
        return quotes
    return [q._replace(currency=stated.get(q.thing.provider, q.currency)) for q in quotes]


def _released(source: str) -> dict[str, int]:
    """Return the held providers that a person released, and the offers that were left then."""
    health = SourceHealth.objects.select_for_update().filter(source=source).first()
    held = health.held_providers if health else {}
    return {provider: facts["now"] for provider, facts in held.items() if "released" in facts}


def exchange_rates(seen: Seen, found: list[Rate]) -> Report:
    """Append the rates that are new."""
    new, refused = rates.store(found, source=seen.source, seen_at=seen.sighting.seen_at)
    if refused and not new:
        error = f"its rates jumped: {', '.join(refused[:3])}"
        report = failure(seen.source, at=seen.checked_at, error=error)
        return replace(report, rejected=len(refused))
    report = Report(
        source=seen.source,
        revision=seen.sighting.revision,
        accepted=new,
        unchanged=len(found) - new - len(refused),
        rejected=len(refused),
        error=_notes(
            seen, [f"rates that jumped were refused: {', '.join(refused)}"] if refused else []
        ),
    )
    _note_success(seen, report, Weighed())
    return report


def nothing_new(seen: Seen) -> Report:
    """Note that the source said the same as last time."""
    health = SourceHealth.objects.get(source=seen.source)
    last = health.report
    if not seen.is_late:
        health.revision = seen.sighting.revision
        health.validators = {k: v for k, v in seen.fetched.validators.items() if v} or (
            health.validators
        )
    counted = ("unchanged", "accepted", "quarantined", "rejected")
    report = Report(
        source=seen.source,
        revision=health.revision,
        unchanged=sum(last.get(name, 0) for name in counted) - last.get("confirmed", 0),
        held_providers=sorted(health.held_providers),
        error=seen.fetched.note,
    )
    health.last_check_at = seen.checked_at
    # A copy inside the product speaks for its own day, however often it is read.
    health.last_success_at = max(
        health.last_success_at or seen.sighting.seen_at, seen.sighting.seen_at
    )
    health.error = report.error
    health.report = {**last, **report.as_json()}
    health.save(
        update_fields=[
            "last_check_at", "last_success_at", "revision", "validators", "error", "report",
        ]
    )  # fmt: skip
    return report


def failure(source: str, *, at: datetime, error: str) -> Report:
    """Note that a pull failed. The time of the last success stays what it was."""
    # The error quotes what the source sent, and PostgreSQL stores no NUL.
    error = error.replace("\x00", "␀")
    SourceHealth.objects.get_or_create(source=source)
    SourceHealth.objects.filter(source=source).update(last_check_at=at, error=error)
    return Report(source=source, error=error)


def _report(seen: Seen, weighed: Weighed, withdrawn: int, confirmed: int) -> Report:
    counted = [change.status for change in weighed.changes]
    return Report(
        source=seen.source,
        revision=seen.sighting.revision,
        accepted=counted.count(ACCEPTED) + confirmed,
        unchanged=weighed.unchanged,
        quarantined=counted.count(QUARANTINED),
        rejected=counted.count(REJECTED),
        withdrawn=withdrawn,
        confirmed=confirmed,
        held_providers=sorted(weighed.held),
        error=_notes(seen, _in_words(weighed.jumped)),
    )


def _in_words(jumped: dict[str, whole.Jumped]) -> list[str]:
    """Return one sentence on the answer, or on the providers of it, of which most prices jumped."""
    if whole.ALL in jumped:
        jumps, compared = jumped[whole.ALL]
        return [f"{jumps} of {compared} known prices jumped at once: all that changed waits"]
    return [
        f"{provider}: {jumps} of {compared} known prices jumped at once"
        for provider, (jumps, compared) in sorted(jumped.items())
    ]


def _note_doubt(report: Report, *, at: datetime) -> None:
    """Note an answer that confirms nothing: the last success stays, the next answer is read anew."""
    health, _ = SourceHealth.objects.get_or_create(source=report.source)
    health.last_check_at, health.error, health.must_reread = at, report.error, True
    health.report = {**health.report, **report.as_json()}
    health.save(update_fields=["last_check_at", "error", "must_reread", "report"])


def _notes(seen: Seen, more: list[str]) -> str:
    return "; ".join(filter(None, [seen.fetched.note, *more]))


def _note_success(seen: Seen, report: Report, weighed: Weighed) -> None:
    health, _ = SourceHealth.objects.get_or_create(source=seen.source)
    before = health.held_providers
    last_good = (health.last_success_at or seen.sighting.seen_at).isoformat()
    health.held_providers = {
        provider: {
            "last_good": before.get(provider, {}).get("last_good", last_good),
            "before": shrunk.before,
            "now": shrunk.now,
        }
        for provider, shrunk in weighed.held.items()
    }
    health.last_check_at = seen.checked_at
    health.last_success_at = seen.sighting.seen_at
    health.revision = seen.sighting.revision
    health.validators = {k: v for k, v in seen.fetched.validators.items() if v}
    health.error = report.error
    health.must_reread = False
    health.report = {
        **report.as_json(),
        "next_dated": _iso(weighed.next_dated),
        "digest": seen.digest,
    }
    health.save()


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
