"""Is a PDF what was signed and stored here?

The file is inspected in a process apart. What only this installation can tell is added: whether it
holds these very bytes, whether its audit trail agrees, and whose certificate signed.
"""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from django.db import DatabaseError

from decisions import certificates, inspection
from decisions.certificates import NoCertificate
from decisions.inspection import Check, Inspected
from decisions.models import AuditEvent, Record, Snapshot
from decisions.records import held_by, pdf_of
from decisions.stores import Unreadable

MEANS = {
    "signature": "A digital signature (PAdES) covers every byte of the file. A later change, even one that a PDF reader calls harmless, breaks it.",
    "timestamp": "A timestamp authority outside this product vouches for the time. Without one the time is what this product’s own clock said.",
    "certificate": "Whose key signed. A certificate that the product made for itself proves that the file is as this installation signed it, but nobody outside vouches for whose installation that is; one that an authority issued to your organisation does.",
    "digest on the pages": "The foot of each page prints the SHA-256 of record.json, so that pages and data cannot be exchanged for each other’s.",
    "digest in the metadata": "The same SHA-256 stands in the PDF’s own description.",
    "pages": "No page was added, taken out or exchanged.",
    "form": "The attached record.json follows the published JSON Schema of its version.",
    "attachments": "The list of evidence and prices is made from record.json, and nothing else travels in the file.",
    "figures": "The question in record.json is evaluated again with today’s formulas; costs, ranking, break-evens and paybacks have to be the same.",
    "stored record": "This installation keeps each record’s bytes; the file is compared with them.",
    "audit trail": "The trail of events holds the making of this very file, and the event that the record names as the newest at sign-off.",
}
"""What each check means, for people who were never told."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All checks of one file. `superseded_by` is the id of the next record of the same decision."""

    record_id: str
    sha256: str
    checks: list[Check]
    superseded_by: str = ""

    @property
    def is_good(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"is_good": self.is_good, **asdict(self)}


def verify(pdf: bytes, *, by_a_stranger: bool = False, certificate: str = "") -> Verdict:
    """Check a PDF record. Raises `NotARecord` when it is none.

    A stranger learns whether these very bytes are stored here, and nothing else of what is.
    `certificate` is the SHA-256 fingerprint that the signing certificate has to have.
    """
    found = inspection.apart(pdf)
    checks = {check.check: check for check in found.checks}
    digest = hashlib.sha256(pdf).hexdigest()
    try:
        record = Record.objects.filter(pdf_sha256=digest).select_related("snapshot").first()
        snapshot = Snapshot.objects.filter(record_id=found.record_id).first()
        ours = _own_certificates()
        checks["certificate"] = _certificate(found, pinned=certificate, ours=ours)
        if by_a_stranger:
            checks["stored record"] = _stored_for_strangers(record)
        else:
            checks["stored record"] = _stored(found, snapshot, record)
        if record is not None:
            checks["audit trail"] = _trail(record)
        next_id = superseded_by(snapshot) if snapshot and (record or not by_a_stranger) else ""
    except DatabaseError as error:
        says = f"Not compared: the database cannot be read ({type(error).__name__})."
        checks["certificate"] = _certificate(found, pinned=certificate, ours=frozenset())
        checks["stored record"] = Check(check="stored record", passed=None, says=says)
        next_id = ""
    in_order = [checks[name] for name in MEANS if name in checks]
    return Verdict(
        record_id=found.record_id, sha256=found.sha256, checks=in_order, superseded_by=next_id
    )


def superseded_by(snapshot: Snapshot) -> str:
    """Return the id of the next record of the same decision; empty when this is the newest."""
    later = Snapshot.objects.filter(
        decision_id_text=snapshot.decision_id_text, signed_at__gt=snapshot.signed_at
    )
    return later.order_by("signed_at").values_list("record_id", flat=True).first() or ""


def _own_certificates() -> frozenset[str]:
    used = set(Record.objects.values_list("certificate_sha256", flat=True).distinct()) - {""}
    try:
        if certificates.path().exists():
            used.add(certificates.key().certificate.sha256)
    except NoCertificate:
        pass
    return frozenset(used)


def _certificate(found: Inspected, *, pinned: str, ours: frozenset[str]) -> Check:
    about = found.certificate
    if about is None:
        return Check(check="certificate", passed=None, says="There is no signature to look at.")
    digest = about["sha256"]
    kind = (
        "made by the product for itself"
        if about["is_self_made"]
        else f"issued by {about['issued_by'][:120]}"
    )
    who = f"{about['name'][:120]}, {kind}; SHA-256 fingerprint {digest}."
    wanted = pinned.replace(":", "").lower()
    if wanted and wanted != digest:
        return Check(
            check="certificate",
            passed=False,
            says=f"Signed by another certificate than the one you gave: {who}",
        )
    if wanted or digest in ours:
        return Check(
            check="certificate",
            passed=True,
            says=f"{'Yours' if wanted else 'This installation’s own'}: {who}",
        )
    says = f"Not known here: {who} Compare the fingerprint with the one that the issuer gives you."
    return Check(check="certificate", passed=None, says=says)


def _stored_for_strangers(record: Record | None) -> Check:
    says = "Byte for byte a record that is stored here."
    if record is None:
        says = "No record that is stored here has these bytes."
    return Check(check="stored record", passed=record is not None, says=says)


def _stored(found: Inspected, snapshot: Snapshot | None, record: Record | None) -> Check:
    passed: bool | None = False
    if snapshot is None:
        passed, says = None, "Not compared: this database knows no record of that id."
    elif snapshot.record_json != found.record_json:
        says = "The attached record.json differs from the stored record."
    elif hashlib.sha256(snapshot.record_json.encode()).hexdigest() != snapshot.sha256:
        says = "The stored record does not fit its own SHA-256."
    elif record is not None and record.snapshot_id == snapshot.pk:
        passed, says = _kept(record)
    elif Record.objects.filter(snapshot=snapshot).exists():
        says = "The attachment is the stored record, but the file was changed."
    else:
        says = "The record is stored, but no PDF of it was ever made here."
    return Check(check="stored record", passed=passed, says=says)


def _kept(record: Record) -> tuple[bool, str]:
    try:
        pdf_of(record)
    except Unreadable as wrong:
        return False, f"The file is the one that was made, but the stored one is not: {wrong}"
    return True, "The file is byte for byte the one that was stored."


def _trail(record: Record) -> Check:
    """Compare with the events: a database whose rows were exchanged has no such event."""
    snapshot = record.snapshot
    made = AuditEvent.objects.filter(
        what="record rendered",
        subject_key=f"snapshot:{snapshot.pk}",
        after__contains=record.pdf_sha256,
    ).first()
    if made is None:
        return Check(
            check="audit trail", passed=False, says="No event tells of this file’s making."
        )
    named = held_by(snapshot).get("audit", {})
    at = AuditEvent.objects.filter(position=named.get("position", 0))
    digest = at.values_list("sha256", flat=True).first()
    if named.get("position") and digest != named.get("sha256"):
        says = f"Event {named['position']} is not the one that the record names: the trail was changed."
        return Check(check="audit trail", passed=False, says=says)
    says = f"Made in event {made.position}; at sign-off the trail stood at event {named.get('position')}. “manage.py verify_audit” checks every event."
    return Check(check="audit trail", passed=True, says=says)


def stored_file(snapshot: Snapshot) -> bytes | None:
    """Return the stored bytes of a record, or None when there are none yet.

    Raises `Unreadable` when they are missing or changed.
    """
    record = Record.objects.filter(snapshot=snapshot).first()
    return None if record is None else pdf_of(record)
