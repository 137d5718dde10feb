"""Pull prices now, as the clock does every day."""

import gzip
import io
import json
import zlib
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pricing import pull, sources
from pricing.report import Report
from pricing.sources.client import LARGEST_BYTES


class Command(BaseCommand):
    help = "Pull prices from every source that is on, or from those named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", action="append", help="only this one; repeatable")
        parser.add_argument("--cloud", help="only this cloud of a source that has clouds")
        parser.add_argument("--json", action="store_true", help="print one JSON list of reports")
        parser.add_argument(
            "--from", dest="saved", metavar="FILE_OR_URL", help="read a saved answer"
        )
        parser.add_argument(
            "--seen-at", type=_day, metavar="DATE", help="the day that it speaks for"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = _names(options["source"], options["cloud"])
        if options["saved"] and len(names) != 1:
            raise CommandError("--from reads the answer of one source: name it with --source.")
        if options["seen_at"] and len(names) != 1:
            raise CommandError("--seen-at dates the answer of one source: name it with --source.")
        saved: str = options["saved"] or ""
        address = saved if "://" in saved else ""
        body = _saved(saved) if saved and not address else None
        now = timezone.now()
        reports = [
            pull.pull(
                name,
                at=now,
                by="pull_prices",
                body=body,
                seen_at=options["seen_at"],
                address=address,
            )
            for name in names
        ]
        self.stdout.write(
            json.dumps([report.as_json() for report in reports], indent=2)
            if options["json"]
            else "\n".join(map(in_words, reports))
        )
        if all(report.error and not report.revision for report in reports):
            raise CommandError("No source could be pulled. What was accepted before stays.")


def in_words(report: Report) -> str:
    """Return one line that says what a pull came to."""
    counts = ("accepted", "unchanged", "quarantined", "rejected", "withdrawn")
    parts = [f"{getattr(report, name)} {name}" for name in counts]
    if report.held_providers:
        parts.append(f"held: {', '.join(report.held_providers)}")
    if report.error:
        parts.append(report.error)
    return f"{report.source}: {', '.join(parts)}"


def _names(asked: list[str] | None, cloud: str | None) -> list[str]:
    if not asked:
        return [source.name for source in sources.scheduled()]
    try:
        named = [f"{name}:{cloud}" for name in asked] if cloud else asked
        # "skypilot" alone means all its usual clouds.
        names = [n for name in named for n in ([name] if ":" in name else sources.names_of(name))]
        return [sources.get(name).name for name in names]
    except KeyError as error:
        known = ", ".join(sources.modules())
        raise CommandError(f"There is no source {error}. There are: {known}.") from error


def _day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), tzinfo=UTC)


def _saved(place: str) -> bytes:
    try:
        path = Path(place)
        if path.stat().st_size > LARGEST_BYTES:
            raise CommandError(_too_large(place))
        return _unpacked(path.read_bytes(), place)
    except (OSError, EOFError, zlib.error) as error:
        raise CommandError(f"{place} cannot be read: {error}") from error


def _unpacked(body: bytes, place: str) -> bytes:
    """Return what a gzipped answer holds; any other as it is."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
        found = packed.read(LARGEST_BYTES + 1)
    if len(found) > LARGEST_BYTES:
        raise CommandError(_too_large(place))
    return found


def _too_large(place: str) -> str:
    return f"{place} is larger than {LARGEST_BYTES // 1_000_000} MB."
