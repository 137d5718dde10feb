"""`manage.py verify_record` tells a record that is as it was signed from one that is not."""

import contextlib
import hashlib
import io
import json
from datetime import UTC, datetime

import pypdf
import pytest
from django.core.management import call_command

from decisions import audit, rendering, verification
from decisions.models import Record, Snapshot
from decisions.rendering import readback
from tests.decisions import record_examples as examples

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def record():
    return examples.record()


@pytest.fixture(scope="module")
def pdf(record):
    return rendering.render(examples.as_text(record)).pdf


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
        )
    return snapshot


def with_attachment(pdf, record_json):
    """Return the PDF with another record.json in place of its own."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    (attached,) = writer.attachment_list
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


@pytest.mark.django_db
class TestVerify:
    def test_the_stored_file_passes_every_check(self, record, pdf):
        store(record, pdf)
        verdict = verification.verify(pdf)
        assert verdict.is_good
        assert {check.passed for check in verdict.checks} == {True}

    def test_without_the_record_in_the_database_the_rest_is_still_checked(self, pdf):
        verdict = verification.verify(pdf)
        assert verdict.is_good
        unknown = [check for check in verdict.checks if check.passed is None]
        assert [check.check for check in unknown] == ["stored record"]

    def test_an_exchanged_attachment_fails_the_digests(self, record, pdf):
        forged = {**record, "team": {"id": 7, "name": "Somebody else"}}
        verdict = verification.verify(with_attachment(pdf, examples.as_text(forged)))
        assert {"digest on the pages", "digest in the metadata"} <= failed(verdict)

    def test_a_record_made_anew_with_other_figures_fails(self, record):
        forged = json.loads(json.dumps(record))
        forged["result"]["options"][1]["per_month"]["total"] = 12.0
        verdict = verification.verify(rendering.render(examples.as_text(forged)).pdf)
        assert failed(verdict) == {"figures"}
        (check,) = [c for c in verdict.checks if c.check == "figures"]
        assert "options[1].per_month.total" in check.says

    def test_a_record_made_anew_is_not_the_stored_one(self, record, pdf):
        store(record, pdf)
        forged = {**record, "team": {"id": 7, "name": "Somebody else"}}
        verdict = verification.verify(rendering.render(examples.as_text(forged)).pdf)
        assert failed(verdict) == {"stored record"}

    @pytest.mark.parametrize(
        "change",
        [lambda pdf: pdf + b"\n", lambda pdf: pdf.replace(b"%PDF-1.7", b"%PDF-1.6", 1)],
        ids=["a byte appended", "a byte changed"],
    )
    def test_a_changed_byte_is_found(self, record, pdf, change):
        store(record, pdf)
        # Refused as a file is as good.
        with contextlib.suppress(readback.NotARecord):
            assert failed(verification.verify(change(pdf))) == {"stored record"}

    def test_an_added_page_is_found(self, pdf):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
        writer.add_blank_page()
        body = io.BytesIO()
        writer.write(body)
        assert {"digest on the pages", "pages"} <= failed(verification.verify(body.getvalue()))

    @pytest.mark.parametrize("text", ["[]", "{}", "no json", '{"record":1}', "[" * 5000])
    def test_a_record_that_is_none_fails_its_form(self, pdf, text):
        assert "form" in failed(verification.verify(with_attachment(pdf, text)))

    def test_older_formulas_are_named(self, record):
        old = json.loads(json.dumps(record))
        old["record"]["formula_version"] = "1999.1"
        old["result"]["ranking"].reverse()
        verdict = verification.verify(rendering.render(examples.as_text(old)).pdf)
        (check,) = [c for c in verdict.checks if c.check == "figures"]
        assert check.passed is False
        assert "made with formulas 1999.1" in check.says


@pytest.mark.django_db
class TestCommand:
    def test_it_says_each_check_and_exits_with_0(self, record, pdf, tmp_path, capsys):
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
        path.write_bytes(with_attachment(pdf, audit.canonical({**record, "period": "2020 Q1"})))
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

    monkeypatch.setattr(Snapshot.objects, "filter", gone)
    verdict = verification.verify(pdf)
    assert verdict.is_good
    assert "the database cannot be read" in " ".join(check.says for check in verdict.checks)
