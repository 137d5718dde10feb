"""Whoever holds a file learns whether it is a record that was signed here."""

import hashlib

import jsonschema
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from decisions import records, reviews, verification
from decisions.models import Record, Snapshot
from decisions.views import verify
from tests.decisions import stories
from tests.decisions.stories import NOW


def post(client, body, **fields):
    file = SimpleUploadedFile("record.pdf", body, content_type="application/pdf")
    return client.post(reverse("record-verify"), {"file": file, **fields})


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def story(db):
    verify._asked.clear()
    return stories.ready()


@pytest.fixture
def snapshot(story):
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="", by=story.approver, at=NOW)
    return Snapshot.objects.get()


def test_a_record_from_sign_off_to_a_visitor_who_verifies_it(client, snapshot, do_work):
    assert do_work() > 0
    held = records.held_by(snapshot)
    record = Record.objects.get()
    jsonschema.validate(held, client.get(reverse("record-schema", args=[1])).json())
    assert held["review"]["prepared_signed_in"] == "system"
    assert held["population"] == {"decisions": 1, "signed_off": 1}
    assert len(record.certificate_sha256) == 64
    shown = text(post(client, bytes(record.pdf)))
    assert "No check failed." in shown
    assert "Byte for byte a record that is stored here" in shown
    changed = bytes(record.pdf)[:-1] + b"X"
    assert "not the record as it was signed" in text(post(client, changed))


def test_what_is_no_record_is_said_at_the_field(client, story):
    answer = post(client, b"no pdf")
    assert answer.status_code == 422
    assert "cannot be read as a PDF" in text(answer)
    assert "Choose the PDF file" in text(client.post(reverse("record-verify")))


def test_too_large_a_file_is_refused_before_it_is_read(client, story, monkeypatch):
    monkeypatch.setattr(verify, "MOST_BYTES", 10)
    monkeypatch.setattr(verification, "verify", lambda *a, **k: pytest.fail("it was read"))
    assert post(client, b"%PDF-1.7 and more").status_code == 422


def test_a_visitor_may_not_ask_without_end(client, story, monkeypatch):
    monkeypatch.setattr(verify, "MOST_FILES", 0)
    assert post(client, b"%PDF-1.7").status_code == 429


def test_an_id_is_answered_to_those_who_may_read_the_record_only(client, story, snapshot):
    asked = {"record_id": snapshot.record_id}
    assert "no such record that you may read" in text(client.post(reverse("record-verify"), asked))
    address = reverse("record-verify-one", args=[snapshot.record_id])
    assert snapshot.decision_name not in text(client.get(address))
    client.force_login(story.manager)
    assert snapshot.decision_name in text(client.get(address))
    assert "not made yet" in text(client.post(reverse("record-verify"), asked))
    body = b"%PDF-1.7 made"
    Record.objects.create(
        snapshot=snapshot,
        pdf=body,
        pdf_sha256=hashlib.sha256(body).hexdigest(),
        pages=1,
        size_bytes=len(body),
        rendered_at=NOW,
        product_version="0.1.0",
    )
    assert "cannot be read as a PDF" in text(client.post(reverse("record-verify"), asked))
