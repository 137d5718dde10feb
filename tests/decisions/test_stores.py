"""Records in S3-compatible storage: locked, read back, and every missing or changed object is named."""

import hashlib
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from django.urls import reverse
from django.utils import timezone
from moto.server import ThreadedMotoServer

from decisions import backups, keeping, records, reviews, stores, verification
from decisions.models import AuditEvent, Record, Snapshot
from jobs.models import Job
from tests.decisions import stories
from tests.decisions.stories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    stores._connected.cache_clear()
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    for bucket, locks in (("locked", True), ("loose", False)):
        if bucket not in [each["Name"] for each in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=locks)
    yield client
    stores._connected.cache_clear()


@pytest.fixture
def kept_there(s3, endpoint, settings):
    settings.RECORD_STORE_URL = f"s3://locked/kept?endpoint={endpoint}"
    return s3


@pytest.fixture
def story():
    return stories.ready()


@pytest.fixture
def snapshot(story):
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="", by=story.approver, at=NOW)
    return Snapshot.objects.get()


def place(record):
    bucket, key, version = stores._parts(record.kept_at)
    return {"Bucket": bucket, "Key": key, **version}


def text(response):
    return " ".join(response.content.decode().split())


def test_a_record_is_locked_there_until_its_date_and_read_from_there(
    kept_there, client, story, snapshot, do_work
):
    do_work()
    record = Record.objects.get()
    assert bytes(record.pdf) == b""
    there = kept_there.get_object(**place(record))
    body = there["Body"].read()
    assert hashlib.sha256(body).hexdigest() == record.pdf_sha256
    assert there["ObjectLockMode"] == "COMPLIANCE"
    assert there["ObjectLockRetainUntilDate"].date() > snapshot.retain_until
    with pytest.raises(ClientError, match="AccessDenied"):
        kept_there.delete_object(**place(record))
    assert record.kept_at in AuditEvent.objects.get(what="record rendered").after
    client.force_login(story.manager)
    assert client.get(reverse("record-download", args=[snapshot.record_id])).content == body
    assert verification.verify(body).is_good


@pytest.fixture
def stored(kept_there, snapshot):
    """A record of two words: where it is kept does not depend on what it holds."""
    return make(snapshot, b"%PDF-1.7 made")


def make(snapshot, body):
    kept_at = stores.keep(snapshot, body)
    return Record.objects.create(
        snapshot=snapshot,
        pdf=b"" if kept_at else body,
        kept_at=kept_at,
        pdf_sha256=hashlib.sha256(body).hexdigest(),
        pages=6,
        size_bytes=len(body),
        rendered_at=NOW,
        product_version="0.1.0",
    )


def take_away(s3, record):
    s3.delete_object(**place(record), BypassGovernanceRetention=True)


@pytest.fixture
def governed(kept_there, settings):
    settings.RECORD_STORE_URL += "&lock=governance"
    return kept_there


def test_a_missing_object_is_named_and_not_handed_out(governed, client, story, snapshot):
    record = make(snapshot, b"%PDF-1.7 made")
    take_away(governed, record)
    with pytest.raises(stores.Unreadable, match=record.snapshot.record_id):
        records.pdf_of(record)
    client.force_login(story.manager)
    url = reverse("record-download", args=[snapshot.record_id])
    assert f"cannot be read from {record.kept_at}" in text(client.get(url, follow=True))
    asked = {"record_id": snapshot.record_id}
    assert "cannot be read from" in text(client.post(reverse("record-verify"), asked))
    assert not AuditEvent.objects.filter(what="record downloaded").exists()
    assert not backups.check().is_good


def test_a_changed_file_is_named_wherever_it_is_kept(client, story, snapshot):
    record = make(snapshot, b"%PDF-1.7 made")
    assert records.pdf_of(record) == b"%PDF-1.7 made"
    record.pdf = b"%PDF-1.7 mad3"
    with pytest.raises(stores.Unreadable, match="was changed where it is kept"):
        records.pdf_of(record)


def test_an_object_that_was_written_over_is_still_read_in_its_own_version(kept_there, stored):
    over = {name: value for name, value in place(stored).items() if name != "VersionId"}
    kept_there.put_object(**over, Body=b"another")
    assert records.pdf_of(stored) == b"%PDF-1.7 made"


@pytest.mark.parametrize("bucket", ["loose", "nowhere"])
def test_without_a_lock_or_a_bucket_the_record_waits_and_says_why(
    s3, endpoint, settings, snapshot, do_work, bucket
):
    settings.RECORD_STORE_URL = f"s3://{bucket}?endpoint={endpoint}"
    do_work()
    job = Job.objects.get(kind=records.KIND)
    assert job.state == Job.State.WAITING
    assert "The sign-off stands" in job.error
    assert not Record.objects.exists()
    settings.RECORD_STORE_URL = ""
    Job.objects.update(due_at=timezone.now())
    do_work()
    assert Record.objects.get().kept_at == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://bucket",
        "s3://",
        "s3://key:secret@bucket",
        "s3://b?lock=never",
        "s3://b?lok=governance",
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(settings, snapshot, url):
    settings.RECORD_STORE_URL = url
    with pytest.raises(stores.WrongSetting, match="RECORD_STORE_URL has the form"):
        stores.keep(snapshot, b"made")


def test_without_the_setting_what_is_kept_there_is_out_of_reach_and_says_so(stored, settings):
    settings.RECORD_STORE_URL = ""
    with pytest.raises(stores.Unreadable, match="RECORD_STORE_URL is not set any more"):
        records.pdf_of(stored)


def test_before_its_time_the_store_refuses_and_the_rows_stay(stored, snapshot):
    late = datetime.combine(snapshot.retain_until, datetime.min.time(), UTC) + timedelta(days=2)
    with pytest.raises(stores.NotKept, match="could not be deleted"):
        stores.discard(stored.kept_at)
    assert keeping.expired(today=late.date()).exists()
    assert records.pdf_of(stored)
