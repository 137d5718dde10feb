"""Where are the bytes of PDF records kept: in the database, or in S3-compatible storage?

`RECORD_STORE_URL` decides for new records; where each is kept stands in its row. An object is written
under object lock until the record's retention date, before the row that names it, and every reading
is compared with the SHA-256 that the row and the audit trail hold.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from decisions.models import Record, Snapshot

LOCKS = ("COMPLIANCE", "GOVERNANCE")
SECONDS = 10


class Unreadable(Exception):
    """The bytes of a record are missing, changed, or out of reach; the text says which and where."""


class NotKept(Exception):
    """The store did not take an object as it was asked to; the text says why."""


class WrongSetting(Exception):
    """RECORD_STORE_URL cannot be used; the text says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """A bucket. `lock` is the mode of S3's object lock; keys come from AWS's own settings."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    lock: str


def setting() -> Store | None:
    """Return the store that RECORD_STORE_URL names; None for the database. Raises WrongSetting."""
    if not settings.RECORD_STORE_URL:
        return None
    url = urlsplit(settings.RECORD_STORE_URL)
    asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
    lock = asked.pop("lock", LOCKS[0]).upper()
    store = Store(
        bucket=url.netloc,
        prefix=url.path.strip("/"),
        endpoint=asked.pop("endpoint", ""),
        region=asked.pop("region", "us-east-1"),
        lock=lock,
    )
    if url.scheme != "s3" or not url.netloc or "@" in url.netloc or asked or lock not in LOCKS:
        raise WrongSetting(
            "RECORD_STORE_URL has the form s3://bucket/prefix?endpoint=https://…&region=…&lock=…, "
            f"with lock {' or '.join(LOCKS).lower()} and no other words."
        )
    return store


def keep(snapshot: Snapshot, pdf: bytes) -> str:
    """Write a PDF to the store, locked, read it back, and return where it is.

    Empty where the database keeps it: without a setting, and for the demo, which can be removed.
    Raises NotKept and WrongSetting.
    """
    store = setting()
    if store is None or snapshot.is_demo:
        return ""
    digest = hashlib.sha256(pdf)
    name = f"{snapshot.record_id}-{digest.hexdigest()}.pdf"
    key = "/".join(filter(None, (store.prefix, name)))
    locked: dict[str, Any] = {}
    if snapshot.retain_until is not None:
        until = _end_of(snapshot.retain_until)
        locked = {"ObjectLockMode": store.lock, "ObjectLockRetainUntilDate": until}
    try:
        put = _client(store).put_object(
            Bucket=store.bucket,
            Key=key,
            Body=pdf,
            ContentType="application/pdf",
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
            **locked,
        )
        at = f"s3://{store.bucket}/{quote(key)}?versionId={quote(put.get('VersionId', ''))}"
        _check_lock(store, key, put.get("VersionId"), locked)
        if _get(at) != pdf:
            raise NotKept(f"The store gives back other bytes than it was given for {key}.")
    except (BotoCoreError, ClientError, Unreadable) as error:
        raise NotKept(f"The record store did not take {key}: {error}") from error
    return at


def read(record: Record) -> bytes:
    """Return the bytes of a record's PDF, the same as were stored. Raises Unreadable."""
    try:
        body = _get(record.kept_at) if record.kept_at else bytes(record.pdf)
    except (BotoCoreError, ClientError, WrongSetting) as error:
        raise Unreadable(
            f"The PDF of {record.snapshot.record_id} cannot be read from {record.kept_at}: {error}"
        ) from error
    if hashlib.sha256(body).hexdigest() != record.pdf_sha256:
        raise Unreadable(
            f"The PDF of {record.snapshot.record_id} was changed where it is kept "
            f"({record.kept_at or 'the database'}): its SHA-256 is not the one of its row."
        )
    return body


def discard(kept_at: str) -> None:
    """Delete an object whose row is gone; the store refuses before its date. Raises NotKept."""
    bucket, key, version = _parts(kept_at)
    try:
        _client(setting()).delete_object(Bucket=bucket, Key=key, **version)
    except (BotoCoreError, ClientError, WrongSetting) as error:
        raise NotKept(f"{kept_at} could not be deleted: {error}") from error


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def _check_lock(store: Store, key: str, version: str | None, locked: dict[str, Any]) -> None:
    """Some stores take the words of a lock and forget them."""
    if not locked:
        return
    version_id = {"VersionId": version} if version else {}
    held = _client(store).head_object(Bucket=store.bucket, Key=key, **version_id)
    until = held.get("ObjectLockRetainUntilDate")
    if until is None or until < locked["ObjectLockRetainUntilDate"]:
        raise NotKept(
            f"The bucket {store.bucket} does not lock objects: make one with object lock."
        )


def _get(kept_at: str) -> bytes:
    bucket, key, version = _parts(kept_at)
    return bytes(_client(setting()).get_object(Bucket=bucket, Key=key, **version)["Body"].read())


def _parts(kept_at: str) -> tuple[str, str, dict[str, str]]:
    url = urlsplit(kept_at)
    version = parse_qs(url.query).get("versionId", [""])[0]
    return url.netloc, unquote(url.path[1:]), {"VersionId": version} if version else {}


def _client(store: Store | None) -> Any:
    if store is None:
        raise WrongSetting("RECORD_STORE_URL is not set any more; it names the store's endpoint.")
    return _connected(store.endpoint, store.region)


@lru_cache(maxsize=4)
def _connected(endpoint: str, region: str) -> Any:
    # Only who uses it pays its memory.
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=SECONDS,
        read_timeout=SECONDS,
        retries={"total_max_attempts": 2},
        s3={"addressing_style": "path" if endpoint else "auto"},
    )
    return boto3.client("s3", endpoint_url=endpoint or None, region_name=region, config=config)
