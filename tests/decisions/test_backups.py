"""A backup holds everything worth keeping; brought back, every record and event is as it was."""

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import psycopg
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from decisions import audit
from pricing import evidence
from tests.decisions import record_examples as examples
from tests.factories import make_member, make_team

from .test_verify_record import made, store

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def installation(settings, tmp_path):
    """An installation with a person, a record, an evidence file, and a trail of events."""
    settings.VAR_DIR = tmp_path / "var"
    settings.MEDIA_ROOT = settings.VAR_DIR / "uploads"
    settings.VAR_DIR.mkdir()
    (settings.VAR_DIR / "secret_key").write_text("kept with the backup")
    team = make_team("Search")
    user = make_member(team)
    record = examples.record()
    store(record, made(record))
    file = SimpleUploadedFile("offer.pdf", b"%PDF-1.7 an offer")
    with transaction.atomic():
        evidence.keep(file, team_id=team.pk, by=user.get_full_name(), at=NOW)
        audit.write("something happened", by=user, at=NOW, subject="Search")
    return settings.VAR_DIR


@pytest.fixture
def backup(installation, tmp_path, capsys):
    path = tmp_path / "backup.zip"
    call_command("backup", path)
    return path


@pytest.fixture
def elsewhere(tmp_path):
    """The environment of another installation, with an empty database of the same kind."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(folder),
    }
    environment.pop("DATABASE_URL", None)
    if connection.vendor == "sqlite":
        yield environment
        return
    server, name = os.environ["DATABASE_URL"], f"breakeven_test_restore_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        environment["DATABASE_URL"] = server.rpartition("/")[0] + f"/{name}"
        try:
            yield environment
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def restore(path, environment):
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(path)],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_all_of_it_comes_back(backup, elsewhere):
    done = restore(backup, elsewhere)
    assert done.returncode == 0, done.stderr
    assert audit.head()[1] in done.stdout
    assert "1 of 1 records and 1 of 1 evidence files" in done.stdout
    again = restore(backup, elsewhere)
    assert again.returncode == 1
    assert "holds people" in again.stderr


def test_keys_and_files_go_along_and_nobody_else_reads_them(installation, backup):
    assert backup.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(backup) as archive:
        assert archive.read("secrets/secret_key") == b"kept with the backup"
        assert any(name.startswith("uploads/evidence/") for name in archive.namelist())


def rewritten(path, to, *, without=(), change=None):
    """Copy a backup, leaving files out or changing the manifest."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if change and name == "manifest.json":
                body = json.dumps({**json.loads(body), **change}).encode()
            if name.partition("/")[0] not in without:
                new.writestr(name, body)
    return to


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"without": ("secrets",)}, "damaged"),
        ({"without": ("manifest.json",)}, "no backup"),
        ({"change": {"format": 99}}, "format 99"),
        ({"change": {"database": "oracle"}}, "The backup is of oracle"),
    ],
)
def test_a_damaged_or_foreign_backup_changes_nothing(backup, tmp_path, how, says):
    head = audit.head()
    with pytest.raises(CommandError, match=says):
        call_command("restore", rewritten(backup, tmp_path / "other.zip", **how))
    assert audit.head() == head


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    path = tmp_path / "backup.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(CommandError, match="no backup"):
        call_command("restore", path)


def test_a_changed_file_in_the_backup_is_named(backup, tmp_path):
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"x" if name == "secrets/secret_key" else old.read(name))
    with pytest.raises(CommandError, match="secrets/secret_key in the backup is not"):
        call_command("restore", other)
