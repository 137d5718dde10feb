"""`manage.py verify_record` tells a record that is as it was signed from one that is not."""

import dataclasses
import hashlib
import io
import json
import subprocess
import sys
from datetime import UTC, datetime

import pypdf
import pytest
from django.core.management import call_command
from django.db import transaction

from decisions import audit, contents, inspection, rendering, seals, signing, verification
from decisions.models import Record, Snapshot
from decisions.rendering import readback
from tests.decisions import record_examples as examples

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def record():
    return examples.record()


@pytest.fixture(scope="module")
def pdf(record):
    return made(record)


def made(record):
    """Return the signed PDF of a record."""
    rendered = rendering.render(examples.as_text(record)).pdf
    return signing.sign(rendered, record_id=record["record"]["id"]).pdf


def store(record, pdf=None):
    text = examples.as_text(record)
    snapshot = Snapshot.objects.create(
        review_id_text="42",
        record_id=record["record"]["id"],
        team_id_text="7",
        decision_id_text="3",
        team_name=record["team"]["name"],
        decision_name=record["decision"]["name"],
        period=record["period"],
        prepared_by=record["review"]["prepared_by"],
        approved_by=record["review"]["approved_by"],
        signed_at=examples.SIGNED_AT,
        record_json=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    if pdf is not None:
        Record.objects.create(
            snapshot=snapshot,
            pdf=pdf,
            pdf_sha256=hashlib.sha256(pdf).hexdigest(),
            pages=8,
            size_bytes=len(pdf),
            rendered_at=NOW,
            product_version="0.1.0",
            certificate_sha256=seals.read(pdf).certificate.sha256,
        )
        with transaction.atomic():
            digest = hashlib.sha256(pdf).hexdigest()
            audit.write(
                "record rendered", by="test", at=NOW, subject=snapshot, after={"pdf_sha256": digest}
            )
    return snapshot


def with_attachment(pdf, record_json):
    """Return the PDF with another record.json in place of its own."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    (attached,) = [each for each in writer.attachment_list if each.name == "record.json"]
    attached.content = record_json.encode()
    body = io.BytesIO()
    writer.write(body)
    return body.getvalue()


def failed(verdict):
    return {check.check for check in verdict.checks if check.passed is False}


def run(path, *options, capsys):
    try:
        call_command("verify_record", str(path), *options)
    except SystemExit as ended:
        return ended.code, capsys.readouterr()
    return 0, capsys.readouterr()


def checks(verdict):
    return {check.check: check for check in verdict.checks}


@pytest.mark.django_db
class TestVerify:
    def test_the_stored_file_passes_every_check_that_can_be_made(self, pdf):
        # The chain of this database has no such event as the example names.
        record = examples.record(audit={"position": 0, "sha256": "0" * 64})
        pdf = made(record)
        store(record, pdf)
        verdict = verification.verify(pdf)
        assert verdict.is_good
        unknown = {name for name, check in checks(verdict).items() if check.passed is None}
        assert unknown == {"timestamp"}
        assert set(checks(verdict)) == set(verification.MEANS)

    def test_without_the_record_in_the_database_the_rest_is_still_checked(self, pdf):
        verdict = verification.verify(pdf)
        assert verdict.is_good
        unknown = {name for name, check in checks(verdict).items() if check.passed is None}
        assert unknown == {"stored record", "timestamp"}

    def test_a_stranger_learns_only_whether_these_bytes_are_stored(self, record, pdf):
        unstored = verification.verify(pdf, by_a_stranger=True)
        store(record)
        forged = verification.verify(pdf, by_a_stranger=True)
        says = "No record that is stored here has these bytes."
        assert [checks(each)["stored record"].says for each in (unstored, forged)] == [says, says]

    def test_the_certificate_can_be_pinned(self, pdf):
        own = seals.read(pdf).certificate.sha256
        assert verification.verify(pdf, certificate=own).is_good
        assert failed(verification.verify(pdf, certificate="ab" * 32)) == {"certificate"}

    def test_an_event_that_is_not_the_one_of_sign_off_is_found(self, record, pdf):
        store(record, pdf)
        assert failed(verification.verify(pdf)) == {"audit trail"}

    def test_a_newer_record_is_named(self, record, pdf):
        snapshot = store(record, pdf)
        fields = {
            each.name: getattr(snapshot, each.name)
            for each in Snapshot._meta.concrete_fields
            if each.name != "id"
        }
        later = {"record_id": "BE-2027Q1-000050", "review_id_text": "43"}
        Snapshot.objects.create(**{**fields, **later, "signed_at": NOW})
        assert verification.verify(pdf).superseded_by == "BE-2027Q1-000050"


class TestInspection:
    """From the file alone, without a database."""

    def test_an_exchanged_attachment_fails_the_signature_and_the_digests(self, record, pdf):
        forged = {**record, "team": {"id": 7, "name": "Somebody else"}}
        found = inspection.inspect(with_attachment(pdf, examples.as_text(forged)))
        assert {"signature", "digest on the pages", "digest in the metadata"} <= failed(found)

    def test_figures_that_do_not_follow_are_found(self, record):
        forged = json.loads(json.dumps(record))
        forged["result"]["options"][1]["per_month"]["total"] = 12.0
        forged["record"]["formula_version"] = "1999.1"
        found = inspection.inspect(made(forged))
        assert failed(found) == {"figures"}
        says = checks(found)["figures"].says
        assert "options[1].per_month.total" in says
        assert "made with formulas 1999.1" in says

    @pytest.mark.parametrize(
        "change",
        [lambda pdf: pdf + b"\n", lambda pdf: pdf.replace(b"%PDF-1.7", b"%PDF-1.6", 1)],
        ids=["a byte appended", "a byte changed"],
    )
    def test_a_changed_byte_is_found(self, pdf, change):
        assert inspection.first_fault(change(pdf)) in ("signature", "readable")

    def test_an_added_page_is_found(self, pdf):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
        writer.add_blank_page()
        body = io.BytesIO()
        writer.write(body)
        found = inspection.inspect(body.getvalue())
        assert {"signature", "digest on the pages", "pages"} <= failed(found)

    @pytest.mark.parametrize(
        "text", ["[]", "{}", "no json", '{"record":1}', '{"record":{"schema":1}}', "[" * 5000]
    )
    def test_a_record_that_is_none_fails_its_form(self, pdf, text):
        held = dataclasses.replace(readback.read(pdf), record_json=text, pages=[])
        found = {check.check: check for check in inspection.of_contents(held)}
        assert found["form"].passed is False

    def test_evidence_that_was_exchanged_is_found(self, pdf):
        held = readback.read(pdf)
        for changed in ({"evidence": b"kind"}, {"others": ["more.exe"]}):
            held_now = dataclasses.replace(held, **changed)
            found = {check.check: check for check in inspection.of_contents(held_now)}
            assert found["attachments"].passed is False

    def test_a_file_that_takes_too_much_is_ended(self, pdf, monkeypatch):
        monkeypatch.setattr(inspection, "MOST_SECONDS", 0.05)
        with pytest.raises(readback.NotARecord, match="longer than"):
            inspection.apart(pdf)

    def test_the_process_apart_holds_no_secret_and_opens_no_connection(self):
        code = (
            "import os, socket\n"
            "from decisions import inspection\n"
            "inspection._confine()\n"
            "for act in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: os.system('true')):\n"
            "    try:\n        act()\n"
            "    except PermissionError:\n        print('refused')\n"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert run.stdout.split() == ["refused", "refused"]


@pytest.mark.django_db
class TestCommand:
    def test_it_says_each_check_and_exits_with_0(self, tmp_path, capsys):
        record = examples.record(audit={"position": 0, "sha256": "0" * 64})
        pdf = made(record)
        store(record, pdf)
        path = tmp_path / "record.pdf"
        path.write_bytes(pdf)
        code, said = run(path, capsys=capsys)
        assert code == 0
        assert "Record BE-2026Q4-000042" in said.out
        assert "byte for byte the one that was stored" in said.out
        assert "No check failed." in said.out

    def test_json_is_for_programs(self, pdf, tmp_path, capsys):
        path = tmp_path / "record.pdf"
        path.write_bytes(pdf)
        code, said = run(path, "--json", capsys=capsys)
        verdict = json.loads(said.out)
        assert (code, verdict["is_good"]) == (0, True)
        assert verdict["sha256"] == readback.read(pdf).sha256

    def test_a_bad_one_exits_with_1(self, record, pdf, tmp_path, capsys):
        path = tmp_path / "record.pdf"
        path.write_bytes(with_attachment(pdf, contents.canonical({**record, "period": "2020 Q1"})))
        code, said = run(path, capsys=capsys)
        assert code == 1
        assert "NOT the record as it was signed" in said.out

    @pytest.mark.parametrize("body", [None, b"", b"no pdf"])
    def test_no_record_at_all_exits_with_2(self, body, tmp_path, capsys):
        path = tmp_path / "record.pdf"
        if body is not None:
            path.write_bytes(body)
        code, said = run(path, capsys=capsys)
        assert code == 2
        assert "cannot be read" in said.err
        assert run(path, "--json", capsys=capsys)[0] == 2


def test_it_needs_no_database(pdf, django_db_blocker, monkeypatch):
    """pytest-django refuses the database here, with an error that is none of Django's own."""
    from django.db import OperationalError

    def gone(*args, **kwargs):
        raise OperationalError("unable to open database file")

    monkeypatch.setattr(Record.objects, "filter", gone)
    verdict = verification.verify(pdf)
    assert verdict.is_good
    assert "the database cannot be read" in " ".join(check.says for check in verdict.checks)
