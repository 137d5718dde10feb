"""How does everything worth keeping get into one file, and back from it?

A backup is a ZIP: the database as its own tools write it, the uploaded files, the key that signs
records and the secret key, and a manifest with the SHA-256 of each. Whoever holds it can sign records
in this installation's name: keep it as safe as the database.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from psycopg.conninfo import make_conninfo

from decisions import audit, certificates
from decisions.models import AuditEvent, Record, User
from decisions.records import pdf_of
from decisions.stores import Unreadable
from pricing import evidence
from pricing.models import EvidenceFile

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
_CHUNK = 1024 * 1024


class Refused(Exception):
    """A backup that cannot be made or brought back; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What holds: the chain's head, and how many records and evidence files are as they were stored."""

    events: int
    head: str
    records: int
    records_good: int
    files: int
    files_good: int

    @property
    def is_good(self) -> bool:
        """Whether nothing is missing or changed."""
        return (self.records, self.files) == (self.records_good, self.files_good)


def make(path: Path, *, at: datetime) -> dict[str, Any]:
    """Write a backup to `path`, readable by its owner only, and return its manifest.

    Breakeven may go on working meanwhile. Raises Refused; an earlier file at `path` then stays.
    """
    with tempfile.TemporaryDirectory(dir=path.resolve().parent) as folder:
        dump = Path(folder) / DATABASES[connection.vendor]
        # Files are stored before the rows that name them, so the database goes first.
        position, head = audit.head()
        _dump(dump)
        contents = {dump.name: dump, **_uploads(), **_secrets()}
        manifest = {
            "format": FORMAT,
            "made_at": at.isoformat(),
            "database": connection.vendor,
            "audit_events": position,
            "audit_head": head,
            "files": {name: _sha256(file) for name, file in contents.items()},
        }
        draft = Path(folder) / "backup.zip"
        draft.touch(mode=0o600)
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as out:
            out.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
            for name, file in contents.items():
                out.write(file, name)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(path)
    return manifest


def restore(path: Path) -> Checked:
    """Bring a backup back into an installation that nobody uses yet, and check what came.

    Raises Refused before anything is changed where the file is damaged, of another kind of
    database, or the installation holds people.
    """
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR) as name:
        folder = Path(name)
        manifest = _unpacked(path, folder)
        _refuse_where_people_are()
        _load(folder / DATABASES[connection.vendor])
        _put_files_back(folder, manifest)
    call_command("migrate", verbosity=0, interactive=False)
    return check(manifest)


def check(manifest: dict[str, Any] | None = None) -> Checked:
    """Check the chain, each record's bytes and each evidence file. Raises Refused for the chain."""
    if (broken := audit.first_broken()) is not None:
        raise Refused(f"The audit chain is broken: {broken}.")
    if manifest and manifest["audit_events"]:
        kept = AuditEvent.objects.filter(position=manifest["audit_events"]).first()
        if kept is None or kept.sha256 != manifest["audit_head"]:
            raise Refused("The audit chain ends before the head that the backup names.")
    events, head = audit.head()
    records = Record.objects.order_by("pk")
    files = EvidenceFile.objects.order_by("pk")
    return Checked(
        events=events,
        head=head,
        records=records.count(),
        records_good=sum(_is_as_stored(each) for each in records.iterator(chunk_size=20)),
        files=files.count(),
        files_good=sum(_is_there(each) for each in files.iterator()),
    )


def _is_as_stored(record: Record) -> bool:
    try:
        pdf_of(record)
    except Unreadable:
        return False
    return True


def _is_there(file: EvidenceFile) -> bool:
    try:
        evidence.checked_path(file)
    except evidence.BadFile:
        return False
    return True


def _dump(to: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        source = connection.connection
        with sqlite3.connect(to) as copy:
            source.backup(copy)
        copy.close()
        return
    _run_tool("pg_dump", "--format=custom", "--no-owner", f"--file={to}", f"--dbname={_conninfo()}")


def _load(dump: Path) -> None:
    if connection.vendor == "sqlite":
        path = Path(settings.DATABASES["default"]["NAME"])
        connections.close_all()
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        shutil.copyfile(dump, path.with_name(path.name + ".restored"))
        path.with_name(path.name + ".restored").replace(path)
        return
    connections.close_all()
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
    _run_tool("pg_restore", *options, f"--dbname={_conninfo()}", str(dump))


def _conninfo() -> str:
    known = connection.settings_dict
    return make_conninfo(
        host=known["HOST"] or None,
        port=known["PORT"] or None,
        user=known["USER"] or None,
        dbname=known["NAME"],
    )


def _run_tool(tool: str, *words: str) -> None:
    if shutil.which(tool) is None:
        raise Refused(f"{tool} is missing: on Debian, apt-get install postgresql-client.")
    password = connection.settings_dict["PASSWORD"]
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run(  # noqa: S603 - two fixed tools, no shell
        [tool, *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{tool} failed: {done.stderr.strip()}")


def _uploads() -> dict[str, Path]:
    root = Path(settings.MEDIA_ROOT)
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return {f"uploads/{path.relative_to(root).as_posix()}": path for path in found}


def _secrets() -> dict[str, Path]:
    # A key that a setting names belongs to whoever set it.
    found = {"secret_key": settings.VAR_DIR / "secret_key"}
    if not settings.RECORD_SIGNING_P12:
        found[certificates.path().name] = certificates.path()
    return {f"secrets/{name}": path for name, path in found.items() if path.is_file()}


def _unpacked(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack and check a backup. Raises Refused, naming what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise Refused(f"The backup has format {manifest['format']}, not {FORMAT}.")
            archive.extractall(folder, members=list(manifest["files"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise Refused(f"{path} is no backup, or is damaged: {error}") from error
    for name, sha256 in manifest["files"].items():
        if _sha256(folder / name) != sha256:
            raise Refused(f"{name} in the backup is not what it was when the backup was made.")
    if manifest["database"] != connection.vendor:
        raise Refused(
            f"The backup is of {manifest['database']}; DATABASE_URL names {connection.vendor}."
        )
    return dict(manifest)


def _refuse_where_people_are() -> None:
    try:
        used = User.objects.exists()
    except DatabaseError:
        # No tables yet: nothing can be lost.
        used = False
    if used:
        raise Refused(
            "This installation holds people and their decisions; a restore would replace them. "
            "Point DATABASE_URL (or VAR_DIR) to an empty one."
        )


def _put_files_back(folder: Path, manifest: dict[str, Any]) -> None:
    roots = {"uploads": Path(settings.MEDIA_ROOT), "secrets": Path(settings.VAR_DIR)}
    for name in manifest["files"]:
        root, _, rest = name.partition("/")
        if root not in roots:
            continue
        target = roots[root] / rest
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.restored")
        shutil.copyfile(folder / name, draft)
        draft.chmod(0o600 if root == "secrets" else 0o644)
        draft.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
