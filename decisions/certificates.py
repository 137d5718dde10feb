"""With which certificate does the product sign its records, and how long does it last?

An organisation gives its own as a PKCS#12 file. Without one the product makes a key and a
certificate for itself: it proves that nothing was changed since, but not to whom the key belongs.
"""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from cryptography import x509

WARN_BEFORE = timedelta(days=60)
SELF_MADE_LASTS = timedelta(days=3652)
SELF_MADE_NAME = "Breakeven records (self-made certificate)"


class NoCertificate(Exception):
    """There is no certificate that can sign; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What people need to know of a certificate; `sha256` is its fingerprint."""

    name: str
    issued_by: str
    sha256: str
    starts_at: datetime
    ends_at: datetime
    is_self_made: bool

    def ends_soon(self, *, now: datetime) -> bool:
        """Return whether it ends within 60 days, or has ended."""
        return now > self.ends_at - WARN_BEFORE


@dataclass(frozen=True, kw_only=True)
class Key:
    """A PKCS#12 file with what opens it, and its certificate."""

    pkcs12: bytes
    password: bytes | None
    certificate: Certificate


def path() -> Path:
    """Return the PKCS#12 file: the one that the setting names, else the product's own."""
    return Path(settings.RECORD_SIGNING_P12 or settings.VAR_DIR / "record_signing.p12")


def key() -> Key:
    """Return the key that signs records; make one when there is none and no setting names one.

    Read anew each time, so that a process which reads strangers' texts never inherits it. Raises
    `NoCertificate`.
    """
    if not settings.RECORD_SIGNING_P12 and not path().exists():
        _store_once(_make(now=datetime.now(UTC)), path())
    return _read(path())


def warning(*, now: datetime) -> str:
    """Say what is wrong with the certificate that signs records, or will be; empty when nothing."""
    if not path().exists() and not settings.RECORD_SIGNING_P12:
        return ""
    try:
        found = _certificate(path(), _changed_at(path()))
    except NoCertificate as problem:
        return str(problem)
    day = f"{found.ends_at.day} {found.ends_at:%B %Y}"
    if now > found.ends_at:
        return f"The certificate that signs records ended on {day}: no record can be signed."
    return f"The certificate that signs records ends on {day}." if found.ends_soon(now=now) else ""


def _changed_at(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_mtime_ns
    return 0


@lru_cache(maxsize=4)
def _certificate(file: Path, changed_at: int) -> Certificate:
    return _read(file).certificate


def _read(file: Path) -> Key:
    from cryptography.hazmat.primitives.serialization import pkcs12

    password = settings.RECORD_SIGNING_P12_PASSWORD.encode() or None
    if not settings.RECORD_SIGNING_P12:
        password = None
    try:
        body = file.read_bytes()
        held = pkcs12.load_pkcs12(body, password)
    except OSError as error:
        raise NoCertificate(
            f"The file of the signing certificate cannot be read: {error.strerror}."
        ) from error
    except ValueError as error:
        raise NoCertificate(
            "The signing certificate cannot be opened: the file is no PKCS#12 file, or the "
            "password is wrong."
        ) from error
    if held.key is None or held.cert is None:
        raise NoCertificate("The file of the signing certificate lacks its key or certificate.")
    return Key(pkcs12=body, password=password, certificate=described(held.cert.certificate))


def described(certificate: "x509.Certificate") -> Certificate:
    """Return what people need to know of a certificate."""
    from cryptography.hazmat.primitives import hashes

    return Certificate(
        name=_common_name(certificate.subject),
        issued_by=_common_name(certificate.issuer),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        starts_at=certificate.not_valid_before_utc,
        ends_at=certificate.not_valid_after_utc,
        is_self_made=certificate.issuer == certificate.subject,
    )


def _common_name(name: Any) -> str:
    from cryptography.x509.oid import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else str(name.rfc4514_string())


def _make(*, now: datetime) -> bytes:
    """Return a new key with a certificate of its own, as PKCS#12 without a password."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SELF_MADE_NAME)])
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of machines that verify may be behind this one's.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + SELF_MADE_LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True
        )
        .sign(private, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(
        b"breakeven", private, certificate, None, serialization.NoEncryption()
    )


def _store_once(body: bytes, file: Path) -> None:
    """Write a whole file that only its owner reads, unless another process was first."""
    # mkstemp makes it readable by its owner alone.
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".record_signing")
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(body)
            written.flush()
            os.fsync(written.fileno())
        with contextlib.suppress(FileExistsError):
            # Unlike a rename it never replaces the key that another worker has signed with.
            Path(file).hardlink_to(name)
    finally:
        Path(name).unlink()
