"""How does all evidence of a period become one file that an auditor takes along?

A pack is asked for on a page, made by a worker and stored once with its SHA-256. What may be in it is
settled when it is asked for, by what the person may see then.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from decisions import access, audit, population, records, stores
from decisions.models import AuditEvent, Pack, Record, Snapshot, Team, User
from decisions.version import PRODUCT_VERSION
from jobs import work
from pricing import export

KIND = "make_pack"
MOST_BYTES = 500_000_000
"""A larger pack is refused: it would not fit into a worker's memory, nor into SQLite's rows."""

Add = Callable[[str, bytes], None]


def ask(*, from_on: date, until_on: date, team: Team | None, by: User, at: datetime) -> Pack:
    """Ask for the evidence of a period: of one team, or of every team that the person may see.

    The audit trail is in it when the person may read that.
    """
    team_ids: list[int] | None = None
    if team is not None:
        team_ids = [team.pk]
    elif not access.reads_audit(by):
        team_ids = sorted(access.teams_of(by).values_list("pk", flat=True))
    with transaction.atomic():
        pack = Pack.objects.create(
            asked_by=by,
            asked_by_name=by.get_full_name(),
            asked_at=at,
            from_on=from_on,
            until_on=until_on,
            team_ids=team_ids,
            teams_say=_teams_in_words(team, team_ids),
            with_trail=access.reads_audit(by),
        )
        work.enqueue(
            KIND,
            key=pack.job_key,
            title=f"Evidence pack {from_on} to {until_on}",
            payload={"pack_id": pack.pk, **({"team_id": team.pk} if team else {})},
            at=at,
            by=by.email,
        )
        _note("evidence pack asked for", pack, by=by, at=at)
    return pack


def _teams_in_words(team: Team | None, team_ids: list[int] | None) -> str:
    if team is not None:
        return team.name
    return "every team" if team_ids is None else f"the {len(team_ids)} teams of the person"


def note_download(pack: Pack, *, by: User, at: datetime) -> None:
    """Write down who took a pack."""
    with transaction.atomic():
        _note("evidence pack downloaded", pack, by=by, at=at)


def _note(what: str, pack: Pack, *, by: User | str, at: datetime) -> None:
    team = pack.teams_say if pack.team_ids and len(pack.team_ids) == 1 else ""
    after = {
        "from_on": pack.from_on.isoformat(),
        "until_on": pack.until_on.isoformat(),
        "teams": pack.teams_say,
        "sha256": pack.sha256,
    }
    audit.write(what, by=by, at=at, subject=pack, team=team, after=after)


@work.kind(KIND, lease=timedelta(minutes=5), max_attempts=3)
def make(claim: work.Claim) -> work.Effect:
    """Make the ZIP of a pack and store it."""
    pack = Pack.objects.defer("zip").get(pk=claim.job.payload["pack_id"])
    now = timezone.now()
    with tempfile.TemporaryFile() as file:
        held = _write(pack, file, now=now, report=claim.report)
        if file.tell() > MOST_BYTES:
            raise work.GiveUp("The pack is larger than 500 MB: ask for one team or fewer days.")
        file.seek(0)
        body = file.read()
    return lambda: _store(pack, body, records_held=held, now=now)


def _store(pack: Pack, body: bytes, *, records_held: int, now: datetime) -> Mapping[str, Any]:
    pack.sha256 = hashlib.sha256(body).hexdigest()
    Pack.objects.filter(pk=pack.pk, made_at=None).update(
        zip=body, sha256=pack.sha256, size_bytes=len(body), records=records_held, made_at=now
    )
    _note("evidence pack made", pack, by=f"system:{KIND}", at=now)
    return {"sha256": pack.sha256, "records": records_held}


def _write(pack: Pack, file: Any, *, now: datetime, report: Callable[..., None]) -> int:
    """Write the ZIP into a file and return how many records are in it."""
    digests: dict[str, str] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, body: bytes) -> None:
            entry = zipfile.ZipInfo(name, date_time=now.astimezone(UTC).timetuple()[:6])
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body, compress_type=zipfile.ZIP_DEFLATED)
            digests[name] = hashlib.sha256(body).hexdigest()

        report(percent=1, says="Listing the population")
        found = _add_population(pack, add, now=now)
        snapshots, without_pdf = _add_records(pack, add, found, report=report)
        report(percent=92, says="Writing the audit trail")
        if pack.with_trail:
            add("audit-trail.jsonl", "".join(audit.lines(_events(pack))).encode())
        counts = population.count(found)
        add("README.txt", _readme(pack, counts, snapshots, without_pdf, now=now).encode())
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
        add("SHA256SUMS", sums.encode())
    return snapshots


def _add_population(pack: Pack, add: Add, *, now: datetime) -> list[population.Row]:
    found = population.rows(
        from_on=pack.from_on,
        until_on=pack.until_on,
        team_ids=pack.team_ids,
        today=now.astimezone(UTC).date(),
    )
    plain = population.plain(found)
    whole = {
        "from": pack.from_on.isoformat(),
        "until": pack.until_on.isoformat(),
        "teams": pack.teams_say,
        "as_of": now.astimezone(UTC).isoformat(),
        "counts": asdict(population.count(found)),
        "rows": plain,
    }
    add("population.json", (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode())
    add("population.csv", export.as_csv(plain).encode())
    return found


def _add_records(
    pack: Pack, add: Add, found: list[population.Row], *, report: Callable[..., None]
) -> tuple[int, list[str]]:
    """Add each record; return how many there are, and the ids of those without a PDF yet."""
    ids = list(_record_ids(pack, found))
    without_pdf = []
    for place, record_id in enumerate(ids):
        report(percent=2 + 90 * place // len(ids), says=f"Record {place + 1} of {len(ids)}")
        snapshot = Snapshot.objects.get(record_id=record_id)
        add(f"records/{record_id}/record.json", snapshot.record_json.encode())
        pdf = Record.objects.filter(snapshot=snapshot).first()
        if pdf is None:
            without_pdf.append(record_id)
        else:
            add(f"records/{record_id}/{record_id}.pdf", _bytes_of(pdf))
    return len(ids), without_pdf


def _bytes_of(pdf: Record) -> bytes:
    try:
        return records.pdf_of(pdf)
    except stores.Unreadable as wrong:
        raise work.GiveUp(str(wrong)) from wrong


def _record_ids(pack: Pack, found: list[population.Row]) -> list[str]:
    """Return the records of the reviews due in the period, and those signed in it."""
    first, after = _moments(pack)
    wanted = Q(record_id__in=[row.record_id for row in found if row.record_id])
    snapshots = Snapshot.objects.filter(wanted | Q(signed_at__gte=first, signed_at__lt=after))
    if pack.team_ids is not None:
        snapshots = snapshots.filter(team_id_text__in=[str(pk) for pk in pack.team_ids])
    return list(snapshots.order_by("record_id").values_list("record_id", flat=True))


def _moments(pack: Pack) -> tuple[datetime, datetime]:
    first = datetime.combine(pack.from_on, time.min, UTC)
    return first, datetime.combine(pack.until_on + timedelta(days=1), time.min, UTC)


def _events(pack: Pack) -> Q:
    first, after = _moments(pack)
    within = Q(at__gte=first, at__lt=after)
    if pack.team_ids is None:
        return within
    of_teams = Q(pk__isnull=True)
    for team_id in pack.team_ids:
        of_teams |= _events_of(team_id)
    return within & of_teams


def _events_of(team_id: int) -> Q:
    """Return which events are a team's. Events hold its name, so each name counts while it was held.

    Otherwise a team that takes a name which another gave up would show up among its events.
    """
    own = AuditEvent.objects.filter(subject_key=f"team:{team_id}").order_by("position")
    held = [(position, name) for position, name in own.values_list("position", "team") if name]
    if not held:
        names = Team.objects.filter(pk=team_id).values_list("name", flat=True)
        return Q(team__in=[*names])
    of_team = Q(pk__isnull=True)
    for (start, name), (end, _) in zip(held, [*held[1:], (None, "")], strict=True):
        since = Q(team=name, position__gte=start)
        of_team |= since if end is None else since & Q(position__lt=end)
    return of_team


def _readme(
    pack: Pack,
    counts: population.Counts,
    snapshots: int,
    without_pdf: list[str],
    *,
    now: datetime,
) -> str:
    return "\n".join(_readme_lines(pack, counts, snapshots, without_pdf, now=now)) + "\n"


def _readme_lines(
    pack: Pack, counts: population.Counts, snapshots: int, without_pdf: list[str], *, now: datetime
) -> Iterator[str]:
    yield "EVIDENCE PACK"
    yield f"From {pack.from_on} to {pack.until_on} (UTC days, both included), {pack.teams_say}."
    yield f"Made at {now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by Breakeven {PRODUCT_VERSION}"
    yield f"({settings.SITE_URL}), asked for by {pack.asked_by_name}."
    yield ""
    yield "WHAT IS IN IT"
    yield "population.csv, population.json  Every review that was due in the period, and what"
    yield "  became of it; then the decisions for which none was due."
    yield f"  Due {counts.due}: signed {counts.signed} (of these late {counts.late}), missing"
    yield f"  {counts.missing}, not yet due {counts.not_yet_due}."
    yield f"records/  {snapshots} signed records: those of the reviews above, and those signed in the"
    yield "  period. Each folder holds the signed PDF and record.json, what was known at sign-off."
    if without_pdf:
        yield f"  No PDF had been made yet of: {', '.join(without_pdf)}."
    if pack.with_trail:
        yield "audit-trail.jsonl  What happened in the period, one event a line, oldest first."
        if pack.team_ids is not None:
            yield "  Only events of the teams above, so positions are left out between them."
    else:
        yield "  The audit trail is not in it: only auditors and administrators may take that."
    yield "SHA256SUMS  The SHA-256 of every file but itself."
    yield ""
    yield "HOW TO VERIFY IT"
    yield "1. Files: in this folder run  sha256sum --check SHA256SUMS  (macOS: shasum -a 256 -c"
    yield "   SHA256SUMS). The SHA-256 of the ZIP itself is on the page it was downloaded from and"
    yield "   in the audit trail (event “evidence pack made”)."
    yield f"2. A record: choose its PDF at {settings.SITE_URL}/verify/ (no account needed), or run"
    yield "   manage.py verify_record FILE.pdf  offline. A PDF reader shows the signature too."
    yield "3. record.json: its SHA-256 is printed at the foot of each page of the PDF."
    yield "4. Completeness: each row of population.csv that says “signed” names its record, which"
    yield "   is in records/. “signed late” is signed after the due day, “missing” is not signed"
    yield "   although the due day has passed."
    if pack.with_trail:
        yield "5. The trail: sha256 of each event is taken over the JSON list of its fields as text"
        yield "   (position, at, actor, signed_in_how, ip_address, user_agent, request_id, team, what,"
        yield "   subject, subject_key, before, after, previous_sha256), without spaces, in UTF-8."
        yield "   previous_sha256 is the sha256 of the event before it."
