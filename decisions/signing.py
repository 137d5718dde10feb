"""How is a rendered record signed, once, so that any later change shows?

PAdES: B-B, or B-T when a timestamp authority is set. The signature is invisible (a seal on the page
breaks PDF/A and PDF/UA) and allows no change after it.
"""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings

from decisions import certificates, seals
from decisions.certificates import NoCertificate
from decisions.seals import FIELD, Seal

if TYPE_CHECKING:
    from pyhanko.sign.timestamps import TimeStamper

TSA_SECONDS = 20
TSA_MOST_BYTES = 64 * 1024


class CannotSign(Exception):
    """No good signature can be made until somebody changes a setting; the text says why."""


class NoTimestamp(Exception):
    """The timestamp authority does not answer as it should, for now; the text says how."""


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A signed PDF, and what its signature says."""

    pdf: bytes
    seal: Seal


def sign(pdf: bytes, *, record_id: str) -> Signed:
    """Return the PDF with an invisible signature over all of it, checked after it was made.

    Raises `CannotSign` and `NoTimestamp`.
    """
    try:
        key = certificates.key()
    except NoCertificate as problem:
        raise CannotSign(str(problem)) from problem
    if not key.certificate.starts_at <= datetime.now(UTC) <= key.certificate.ends_at:
        raise CannotSign(
            f"The signing certificate is not in force: it ended on {key.certificate.ends_at:%Y-%m-%d}, "
            f"or starts later than today ({key.certificate.starts_at:%Y-%m-%d})."
        )
    signed = _signed(pdf, key, record_id=record_id)
    seal = seals.read(signed)
    if seal.fault or not signed.startswith(pdf):
        raise CannotSign(f"The signature that was made does not hold: {seal.fault}")
    if settings.TSA_URL and (seal.stamp is None or not seal.stamp.is_good):
        raise NoTimestamp("The answer of the timestamp authority does not hold.")
    return Signed(pdf=signed, seal=seal)


def _signed(pdf: bytes, key: certificates.Key, *, record_id: str) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko.sign.timestamps import TimestampRequestError

    signer = signers.SimpleSigner.load_pkcs12_data(
        key.pkcs12, other_certs=[], passphrase=key.password
    )
    about = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        reason=f"Record {record_id} as it was signed off",
        name=key.certificate.name,
    )
    try:
        made = signers.sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)),
            about,
            signer=signer,
            timestamper=_authority() if settings.TSA_URL else None,
        )
    except TimestampRequestError as error:
        raise NoTimestamp(f"The timestamp authority does not answer: {error}") from error
    return bytes(made.getbuffer())


def _authority() -> "TimeStamper":
    """Return what asks the timestamp authority, within limits of time and size."""
    from asn1crypto import tsp
    from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError

    class Authority(TimeStamper):
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]

        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            try:
                return tsp.TimeStampResp.load(_ask(req.dump()), strict=True)
            except (OSError, ValueError) as error:
                raise TimestampRequestError(str(error)) from error

    return Authority()


def _ask(request: bytes) -> bytes:
    """Post a timestamp request and return the answer; OSError for anything that is none."""
    import time

    import requests

    until = time.monotonic() + TSA_SECONDS
    with requests.post(
        settings.TSA_URL,
        data=request,
        headers={"Content-Type": "application/timestamp-query"},
        timeout=TSA_SECONDS / 2,
        allow_redirects=False,
        stream=True,
    ) as answer:
        if answer.status_code != 200:
            raise OSError(f"it answered {answer.status_code}")
        body = b""
        # Its own time-out starts anew with each byte.
        while part := answer.raw.read1(TSA_MOST_BYTES):
            body += part
            if len(body) > TSA_MOST_BYTES or time.monotonic() > until:
                raise OSError("its answer is too long or too slow")
    return body
