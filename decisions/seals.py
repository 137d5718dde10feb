"""What does the signature inside a PDF prove, and what does it not?

Works offline. A record is signed once, over the whole file, and nothing may follow: so a signature
that leaves anything out is refused, before anyone asks what was added.
"""

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from decisions.certificates import Certificate, described

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate as AsnCertificate
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

FIELD = "Record"


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The time that a timestamp authority vouches for."""

    at: datetime
    authority: Certificate
    is_good: bool


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A signature over a whole file. `fault` is empty when the file is as it was signed."""

    fault: str
    certificate: Certificate | None = None
    signed_at: datetime | None = None
    stamp: Stamp | None = None


def read(pdf: bytes) -> Seal:
    """Return what the signature of a PDF says. Raises nothing of its own for a PDF that opens."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    return of(PdfFileReader(io.BytesIO(pdf), strict=False))


def of(reader: "PdfFileReader") -> Seal:
    """Return what the signature of an opened PDF says."""
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    # It prints a stack trace for each signature that does not hold, which is no news here.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    signatures = list(reader.embedded_signatures)
    if not signatures:
        return Seal(fault="The file is not signed, or its signature was taken out.")
    if len(signatures) > 1:
        return Seal(fault=f"The file has {len(signatures)} signatures; a record has one.")
    signature = signatures[0]
    signature.compute_integrity_info(skip_diff=True)
    certificate = _described(signature.signer_cert)
    if signature.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        return Seal(
            fault="Something was added to the file after it was signed.", certificate=certificate
        )
    if not _is_written_plainly(signature, reader):
        return Seal(
            fault="The signature itself was written anew after it was made.",
            certificate=certificate,
        )
    return _judged(signature, certificate)


def _is_written_plainly(signature: "EmbeddedPdfSignature", reader: "PdfFileReader") -> bool:
    """Return whether the one part that no signature covers, its own digits, is as it was made.

    Upper case, or something in the room that is left after them, would read the same.
    """
    from asn1crypto import cms

    _, first, second, _ = (int(each) for each in signature.byte_range)
    reader.stream.seek(first)
    written = reader.stream.read(second - first)
    digits = cms.ContentInfo.load(signature.pkcs7_content).dump().hex().upper()
    return bool(written == b"<" + digits.encode().ljust(len(written) - 2, b"0") + b">")


def _judged(signature: "EmbeddedPdfSignature", certificate: Certificate) -> Seal:
    from pyhanko.sign.validation import validate_pdf_signature

    stamp_certificate = _authority(signature)
    status = validate_pdf_signature(
        signature,
        _trusting(signature.signer_cert),
        ts_validation_context=_trusting(stamp_certificate) if stamp_certificate else None,
        key_usage_settings=_usage(),
    )
    signed_at = status.signer_reported_dt
    stamp = None
    if (found := status.timestamp_validity) is not None and stamp_certificate is not None:
        good = bool(found.intact and found.valid and found.trusted)
        stamp = Stamp(at=found.timestamp, authority=_described(stamp_certificate), is_good=good)
    fault = _fault(status, certificate, stamp.at if stamp else signed_at)
    return Seal(fault=fault, certificate=certificate, signed_at=signed_at, stamp=stamp)


def _fault(status: Any, certificate: Certificate, at: datetime | None) -> str:
    if not status.intact:
        return "Bytes of the file were changed after it was signed."
    if not status.valid:
        return "The signature was not made with the key of its certificate."
    if at is not None and not certificate.starts_at <= at <= certificate.ends_at:
        return "The certificate was not in force at the time of the signature."
    if not status.bottom_line:
        return f"The signature does not hold: {status.summary()}."
    return ""


def _trusting(certificate: "AsnCertificate") -> Any:
    """Take the certificate itself as the root: whose it is, is another question than what it proves."""
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(trust_roots=[certificate], allow_fetching=False)


def _usage() -> Any:
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    # Organisations' certificates carry one of them or both.
    return KeyUsageConstraints(
        key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False
    )


def _authority(signature: "EmbeddedPdfSignature") -> "AsnCertificate | None":
    from pyhanko.sign.general import extract_certificate_info
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

    token = next(iter(extract_tst_data_iter(signature.signer_info, signed=False)), None)
    return None if token is None else extract_certificate_info(token).signer_cert


def _described(certificate: "AsnCertificate") -> Certificate:
    from cryptography import x509

    return described(x509.load_der_x509_certificate(certificate.dump()))
