"""How does a file of real usage come in, get read, and fill the workload?

The file is kept only until it was read: what stays is its SHA-256, its period and the sums of its hours.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q

from decisions import audit, drafts
from decisions.models import Decision, UsageFile, User, Workload
from decisions.usage import files, layouts
from decisions.usage.files import BadFile
from decisions.usage.layouts import Mapping
from jobs import work

KIND = "read_usage"
LEASE = timedelta(minutes=5)
UNREAD_FOR = timedelta(days=1)
"""A file whose columns nobody confirmed is deleted after this."""

PEAKS = ("week", "hour", "keep")
"""Where the peak comes from: the typical week, the busiest single hour, or as it is."""

State = UsageFile.State


class Refused(Exception):
    """A file that cannot be taken or used; `says` is for the form."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


def path_of(usage_file: UsageFile) -> Path:
    """Return where the file lies until it was read."""
    return Path(settings.MEDIA_ROOT) / "usage" / usage_file.stored_as


def take(decision: Decision, *, file: "UploadedFile[Any]", by: User, at: datetime) -> UsageFile:
    """Store an uploaded file and guess what its columns mean. Refused where it is no table."""
    if (file.size or 0) > settings.USAGE_UPLOAD_MOST_MB * 2**20:
        raise Refused(f"The file is larger than {settings.USAGE_UPLOAD_MOST_MB:,} MB. Split it.")
    stored_as = secrets.token_hex(16)
    path = Path(settings.MEDIA_ROOT) / "usage" / stored_as
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        sha256 = _copy(file, path)
        columns, mark = columns_of(path)
        known = layouts.recognised(columns)
        with transaction.atomic():
            usage_file = UsageFile.objects.create(
                decision=decision,
                file_name=(file.name or "usage.csv")[:200],
                stored_as=stored_as,
                size_bytes=file.size or 0,
                sha256=sha256,
                layout=known.name if known else "",
                columns={"names": columns, "mark": mark},
                mapping=known.mapping.as_json() if known else {},
                added_by_name=by.get_full_name(),
                added_at=at,
            )
            _note("usage file uploaded", usage_file, by=by, at=at)
    except BadFile as bad:
        path.unlink(missing_ok=True)
        raise Refused(f"This file cannot be read: {bad}.") from bad
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return usage_file


def columns_of(path: Path) -> tuple[list[str], str]:
    """Return the names of a file's columns or fields, and the mark between them, or that it is JSON."""
    from decisions.usage import json_rows  # not needed where nobody uploads

    if json_rows.is_json(path):
        return json_rows.names(path), json_rows.MARK
    return files.header(path)


def _copy(file: "UploadedFile[Any]", path: Path) -> str:
    seen = hashlib.sha256()
    with path.open("wb") as out:
        for chunk in file.chunks(1 << 20):
            seen.update(chunk)
            out.write(chunk)
    return seen.hexdigest()


def first_rows(usage_file: UsageFile, mapping: Mapping) -> list[dict[str, str]]:
    """Return the first rows of the named columns. Refused where they cannot be read."""
    from decisions.usage import tally  # pandas takes memory that a page without it need not have

    try:
        return tally.preview(path_of(usage_file), mapping, mark=usage_file.columns["mark"])
    except (BadFile, OSError) as bad:
        raise Refused(f"This file cannot be read: {bad}.") from bad


def start(usage_file: UsageFile, *, mapping: Mapping, by: User, at: datetime) -> None:
    """Ask for the file to be read by these columns."""
    with transaction.atomic():
        changed = UsageFile.objects.filter(pk=usage_file.pk, state=State.MAPPING).update(
            state=State.READING, mapping=mapping.as_json()
        )
        if not changed:
            raise Refused("The file is being read already, or was read.")
        decision = usage_file.decision
        work.enqueue(
            KIND,
            key=f"usage:{usage_file.pk}",
            at=at,
            title=f"Read {usage_file.file_name}"[:200],
            payload={"team_id": decision.team_id, "usage_file_id": usage_file.pk},
            by=by.get_full_name()[:254],
        )
        _note("usage file being read", usage_file, by=by, at=at, columns=mapping.columns)


@work.kind(KIND, lease=LEASE, max_attempts=3)
def read(held: work.Claim) -> work.Effect:
    """Read the file and store its sums; what is wrong with it is stored in words."""
    from decisions.usage import findings, tally

    usage_file = UsageFile.objects.filter(pk=held.job.payload["usage_file_id"]).first()
    if usage_file is None or usage_file.state != State.READING:
        return lambda: None
    path = path_of(usage_file)

    def progress(read_bytes: int) -> None:
        percent = min(99, 100 * read_bytes // max(1, usage_file.size_bytes))
        held.report(percent=percent, says=f"{read_bytes / 1e6:,.0f} MB read")

    values: dict[str, Any]
    try:
        mapping = layouts.mapping_of(usage_file.mapping)
        sums = tally.read(path, mapping, mark=usage_file.columns["mark"], progress=progress)
        found = findings.find(sums)
        period = {"period_from": found.period_from, "period_to": found.period_to}
        values = {"state": State.READ, "found": found.as_json(), **period}
    except (BadFile, OSError) as bad:
        values = {"state": State.FAILED, "problem": f"This file cannot be read: {bad}."}

    def write() -> None:
        held_file = UsageFile.objects.filter(pk=usage_file.pk, state=State.READING)
        held_file.update(**values, stored_as="")
        transaction.on_commit(lambda: path.unlink(missing_ok=True))

    return write


def proposed(usage_file: UsageFile) -> list[dict[str, Any]]:
    """Return each figure that the file can fill in: name, old and new."""
    known = Workload.objects.filter(decision=usage_file.decision_id).first()
    filled = (usage_file.found or {}).get("workload", {})
    return [
        {"name": name, "old": getattr(known, name, None), "new": value}
        for name, value in filled.items()
        if name != "hourly_tokens"
    ]


def apply(
    usage_file: UsageFile,
    *,
    names: Iterable[str],
    peak: str,
    by: User,
    at: datetime,
    version: int,
) -> None:
    """Fill the workload with the figures named, and say in its source where they come from."""
    if usage_file.state not in {State.READ, State.APPLIED} or not usage_file.found:
        raise Refused("This file was not read.")
    decision = usage_file.decision
    filled = dict(usage_file.found["workload"])
    fields = {name: filled[name] for name in names if name in filled and name != "hourly_tokens"}
    known = Workload.objects.filter(decision=decision).first()
    if known is None and not {"input_tokens_per_month", "output_tokens_per_month"} <= set(fields):
        raise Refused("The decision has no workload yet: take the tokens of a month as well.")
    fields |= _peak(usage_file, peak)
    if not fields:
        raise Refused("Pick at least one figure.")
    with transaction.atomic():
        fields["source"] = _source(usage_file, known)
        drafts.set_workload(decision, fields=fields, by=by, at=at, version=version)
        UsageFile.objects.filter(pk=usage_file.pk).update(
            state=State.APPLIED, applied_by_name=by.get_full_name(), applied_at=at
        )


def _peak(usage_file: UsageFile, peak: str) -> dict[str, Any]:
    found = usage_file.found
    if peak == "week" and found["week"]:
        return {
            "hourly_tokens": found["week"],
            "peak_to_mean": None,
            "peak_concurrent_requests": None,
        }
    if peak == "hour" and found["peak_to_mean"]:
        measured = round(found["peak_to_mean"], 2)
        return {"hourly_tokens": None, "peak_to_mean": measured, "peak_concurrent_requests": None}
    return {}


def _source(usage_file: UsageFile, known: Workload | None) -> str:
    line = (
        f"{usage_file.file_name}, {usage_file.period_from:%Y-%m-%d} to "
        f"{usage_file.period_to:%Y-%m-%d}, SHA-256 {usage_file.sha256}"
    )
    before = known.source if known else ""
    if usage_file.sha256 in before:
        return before
    return f"{before}\n{line}".strip()[-2000:]


def delete(usage_file: UsageFile, *, by: User, at: datetime) -> None:
    """Forget a file and its sums. A workload that was filled from it stays."""
    path = path_of(usage_file) if usage_file.stored_as else None
    with transaction.atomic():
        _note("usage file deleted", usage_file, by=by, at=at)
        usage_file.delete()
        if path is not None:
            transaction.on_commit(lambda: path.unlink(missing_ok=True))


def forget_unread(*, now: datetime) -> int:
    """Delete files that nobody confirmed, and those in the folder that no row knows."""
    old = UsageFile.objects.filter(
        ~Q(stored_as=""), state=State.MAPPING, added_at__lt=now - UNREAD_FOR
    )
    for usage_file in old:
        path_of(usage_file).unlink(missing_ok=True)
    gone = "It was deleted, because nobody confirmed its columns for a day."
    forgotten = old.update(state=State.FAILED, stored_as="", problem=gone)
    known = set(UsageFile.objects.exclude(stored_as="").values_list("stored_as", flat=True))
    folder = Path(settings.MEDIA_ROOT) / "usage"
    limit = (now - UNREAD_FOR).timestamp()
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in known and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
    return forgotten


def _note(what: str, usage_file: UsageFile, *, by: User, at: datetime, **more: Any) -> None:
    about = {"file": usage_file.file_name, "sha256": usage_file.sha256, **more}
    decision = usage_file.decision
    audit.write(what, by=by, at=at, subject=decision, team=decision.team.name, after=about)
