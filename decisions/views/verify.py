"""Is this file a record that was signed here? Answered to whoever holds it, account or not.

An auditor has the PDF and no account, so the upload is open to everybody. What it answers follows
from the file, and from whether these very bytes are stored; nobody can find out by it which records
exist. Reading strangers' files costs time: it happens one at a time, in a process with limits, and
only so often per address.
"""

import threading
import time
from collections import deque
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from decisions import access, contents, verification
from decisions.models import Snapshot
from decisions.rendering.readback import NotARecord
from decisions.stores import Unreadable

MOST_BYTES = 10 * 2**20
MOST_FILES, IN_SECONDS = 20, 600.0
_one_at_a_time = threading.Semaphore(1)
_asked: dict[str, deque[float]] = {}


class VerifyForm(forms.Form):
    """A PDF, or for people who may read it the id of a stored record."""

    file = forms.FileField(required=False, label="PDF record")
    record_id = forms.CharField(required=False, max_length=40, label="or the record’s id")

    def clean_file(self) -> Any:
        """Refuse what is larger than any record."""
        file: Any = self.cleaned_data.get("file")
        if file is not None and (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                f"The file has {(file.size or 0) / 2**20:.0f} MB; records have less than {MOST_BYTES // 2**20} MB."
            )
        return file

    def clean(self) -> None:
        """Ask for one of the two."""
        if (
            not self.errors
            and not self.cleaned_data.get("file")
            and not self.cleaned_data.get("record_id")
        ):
            self.add_error("file", "Choose the PDF file of a record.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, record_id: str = "") -> HttpResponse:
    """Check an uploaded file, or the stored one of an id that the reader may see."""
    if request.method != "POST":
        form = VerifyForm(initial={"record_id": record_id})
        return _page(request, form, record_id=record_id)
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, record_id=record_id, status=422)
    if _too_often(request):
        form.add_error(None, "Too many files from your address. Try again in ten minutes.")
        return _page(request, form, record_id=record_id, status=429)
    if not _one_at_a_time.acquire(timeout=20):
        form.add_error(None, "Other files are being checked. Try again in a minute.")
        return _page(request, form, record_id=record_id, status=503)
    try:
        pdf = _bytes(request, form)
        verdict = verification.verify(pdf, by_a_stranger=not request.user.is_authenticated)
    except NotARecord as wrong:
        by_id = request.user.is_authenticated and not form.cleaned_data.get("file")
        form.add_error("record_id" if by_id else "file", str(wrong))
        return _page(request, form, record_id=record_id, status=422)
    finally:
        _one_at_a_time.release()
    checks = [(check, verification.MEANS[check.check]) for check in verdict.checks]
    return _page(request, VerifyForm(), record_id=record_id, verdict=verdict, checks=checks)


def _bytes(request: HttpRequest, form: VerifyForm) -> bytes:
    file = form.cleaned_data.get("file")
    if file is not None:
        return bytes(file.read())
    try:
        snapshot = access.snapshot(request.user, form.cleaned_data["record_id"].strip())
    except Http404:
        raise NotARecord(
            "There is no such record that you may read. Choose its PDF file."
        ) from None
    try:
        stored = verification.stored_file(snapshot)
    except Unreadable as wrong:
        raise NotARecord(str(wrong)) from wrong
    if stored is None:
        raise NotARecord("The PDF of this record is not made yet.")
    return stored


def _too_often(request: HttpRequest) -> bool:
    """Count the files of an address, in this process; people who are signed in are known."""
    if request.user.is_authenticated:
        return False
    now = time.monotonic()
    if len(_asked) > 10_000:
        _asked.clear()
    seen = _asked.setdefault(request.META.get("REMOTE_ADDR", ""), deque())
    while seen and seen[0] < now - IN_SECONDS:
        seen.popleft()
    seen.append(now)
    return len(seen) > MOST_FILES


def _page(
    request: HttpRequest, form: VerifyForm, *, record_id: str, status: int = 200, **more: object
) -> HttpResponse:
    known: Snapshot | None = None
    if record_id:
        known = access.snapshots_of(request.user).filter(record_id=record_id).first()
    context = {
        "form": form,
        "record_id": record_id,
        "known": known,
        "next_id": verification.superseded_by(known) if known else "",
        **more,
    }
    return render(request, "records/verify.html", context, status=status)


@require_safe
def schema(request: HttpRequest, number: int) -> HttpResponse:
    """Give the JSON Schema that records of this number follow."""
    try:
        body = contents.schema(number)
    except FileNotFoundError:
        raise Http404 from None
    return HttpResponse(body, content_type="application/schema+json")


urlpatterns = [
    path("verify/", verify, name="record-verify"),
    path("verify/<str:record_id>/", verify, name="record-verify-one"),
    path("schemas/record-<int:number>.json", schema, name="record-schema"),
]
