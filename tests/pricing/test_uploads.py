"""A table of quotes is shown row by row first, and stored whole or not at all when confirmed."""

import io
import time
import zipfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from decisions.models import AuditEvent
from pricing import evidence, queries, quote_templates, tables
from pricing.models import EvidenceFile, ExchangeRate, Observation, Offer, QuoteUpload
from tests.factories import NOW, make_member, make_team

HEAD = "kind,provider,gpu,gpu_count,terms,term_months,currency,price_per_gpu_hour,evidence"
GOOD = "gpu,nebius,H100-SXM,8,reserved,12,EUR,1.85,offer 4711"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def team(db):
    ExchangeRate.objects.create(
        date=NOW.date(), currency="USD", per_eur="1.25", source="ecb", seen_at=NOW
    )
    return make_team()


@pytest.fixture
def editor(client, team):
    client.force_login(make_member(team))
    return client


def csv_of(*rows, head=HEAD):
    return SimpleUploadedFile("quotes.csv", "\n".join([head, *rows]).encode())


def xlsx_of(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("quotes.xlsx", out.getvalue())


def send(client, team, table, **more):
    return client.post(reverse("quote-upload", args=[team.pk]), {"table": table, **more})


def shown(client, answer):
    assert answer.status_code == 302, answer.context["form"].errors
    return client.get(answer["Location"])


def confirm(client, page):
    upload = page.context["upload"]
    address = reverse("upload-confirm", args=[upload.team_id, upload.pk])
    return client.post(address, {"expected": page.context["added"]})


def faults(page):
    return {
        row.number: {f.column: f.says for f in row.faults}
        for row in page.context["page"].object_list
    }


def test_nothing_is_stored_before_it_is_confirmed(editor, team):
    page = shown(editor, send(editor, team, csv_of(GOOD, GOOD.replace("12", "36"))))
    assert (page.context["added"], page.context["refused"]) == (2, 0)
    assert not Observation.objects.exists()
    assert confirm(editor, page)["Location"] == reverse("quote-list", args=[team.pk])
    assert {o.term_months for o in Offer.objects.all()} == {12, 36}
    assert {o.amount for o in Observation.objects.all()} == {Decimal("1.85")}
    event = AuditEvent.objects.get(what="quotes uploaded")
    assert '"added":2' in event.after


def test_a_table_is_confirmed_once(editor, team):
    page = shown(editor, send(editor, team, csv_of(GOOD)))
    confirm(editor, page)
    confirm(editor, page)
    assert Observation.objects.count() == 1


def test_what_changed_since_the_page_was_shown_is_not_stored(editor, team):
    page = shown(editor, send(editor, team, csv_of(GOOD, GOOD.replace("EUR", "USD"))))
    address = reverse("upload-confirm", args=[team.pk, page.context["upload"].pk])
    editor.post(address, {"expected": 7})
    assert not Observation.objects.exists()
    assert QuoteUpload.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("gpu,,H100,8,reserved,12,EUR,1.85,x", "provider", "Name who sells it"),
        ("gpu,a,,8,reserved,12,EUR,1.85,x", "gpu", "Name the GPU"),
        ("gpu,a,H100,0,reserved,12,EUR,1.85,x", "gpu_count", "whole number"),
        ("gpu,a,H100,8,reserved,,EUR,1.85,x", "term_months", "at least one month"),
        ("gpu,a,H100,8,spot,12,EUR,1.85,x", "term_months", "Only a reservation"),
        ("gpu,a,H100,8,rented,12,EUR,1.85,x", "terms", "none of on demand"),
        ("gpu,a,H100,8,reserved,12,XXX,1.85,x", "currency", "no stored exchange rate"),
        ("gpu,a,H100,8,reserved,12,EUR,-1,x", "price_per_gpu_hour", "above 0"),
        ("gpu,a,H100,8,reserved,12,EUR,0,x", "prices", "above 0"),
        ("gpu,a,H100,8,reserved,12,EUR,NaN,x", "price_per_gpu_hour", "no number"),
        ("gpu,a,H100,8,reserved,12,EUR,=1+1,x", "price_per_gpu_hour", "formula"),
        ('gpu,a,H100,8,reserved,12,EUR,"1,85",x', "price_per_gpu_hour", "no number"),
        ("gpu,a,H100,8,reserved,12,EUR,,x", "prices", "at least one price"),
        ("gpu,a,H100,8,owned,,EUR,1.85,x", "terms", "purchase price"),
        ("gpu,a,H100,8,reserved,12,EUR,1.85,", "evidence", "Say where"),
        ("cpu,a,H100,8,reserved,12,EUR,1.85,x", "kind", "none of tokens"),
    ],
)
def test_a_refused_row_names_its_row_and_column(editor, team, row, column, says):
    page = shown(editor, send(editor, team, csv_of(GOOD, row)))
    found = faults(page)
    assert found[2] == {}
    assert says in found[3][column]
    assert column in page.content.decode()
    confirm(editor, page)
    assert Observation.objects.count() == 1


def test_the_same_thing_twice_is_refused(editor, team):
    found = faults(shown(editor, send(editor, team, csv_of(GOOD, GOOD))))
    assert "Row 2" in found[3]["row"]


def test_a_quote_overrides_the_pulled_price_for_its_team_alone(editor, team):
    offer = Offer.objects.create(
        key="gpu|lambda|lambda|1xH100-SXM||on_demand", kind="gpu", provider="lambda", host="lambda",
        gpu="H100-SXM", gpu_count=1, mode="on_demand",
    )  # fmt: skip
    page = shown(editor, send(editor, team, csv_of("gpu,lambda,H100-SXM,1,on demand,,EUR,2.10,x")))
    confirm(editor, page)
    assert queries.prices_for([offer.pk], team_id=team.pk)[offer.pk].measures
    assert not queries.prices_for([offer.pk], team_id=team.pk + 1)[offer.pk].measures
    again = shown(editor, send(editor, team, csv_of("gpu,lambda,H100-SXM,1,on demand,,EUR,2.00,x")))
    assert "EUR 2.10" in again.content.decode()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_is_a_table_that_would_be_stored(editor, team, form):
    body = editor.get(reverse("quote-template", args=[form])).content
    page = shown(editor, send(editor, team, SimpleUploadedFile(f"t.{form}", body)))
    assert (page.context["added"], page.context["refused"]) == (3, 0)


def test_the_template_explains_its_columns():
    book = load_workbook(io.BytesIO(quote_templates.as_xlsx()))
    explained = [row[0] for row in book["Columns"].iter_rows(values_only=True)]
    assert explained[1:] == [cell.value for cell in book["Quotes"][1]]


def test_a_formula_of_a_spreadsheet_is_text(editor, team):
    row = ["gpu", '=HYPERLINK("x")', "H100", 8, "reserved", 12, "EUR", "=1+1", "x"]
    page = shown(editor, send(editor, team, xlsx_of(HEAD.split(","), row)))
    assert "formula" in faults(page)[2]["price_per_gpu_hour"]
    table = editor.get(page.request["PATH_INFO"], {"download": "csv"}).content.decode()
    assert "'=HYPERLINK" in table
    assert ",=" not in table


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (csv_of(GOOD, head=HEAD.replace("terms", "prise")), "“prise” is no column"),
        (csv_of(GOOD, head=HEAD.replace("gpu_count", "gpu")), "twice"),
        (csv_of(head=HEAD), "no quotes below"),
        (csv_of(GOOD + ",more"), "below no heading"),
        (SimpleUploadedFile("q.csv", b"\xff\xfe\x00"), "UTF-8"),
        (SimpleUploadedFile("q.xlsx", b"PK\x03\x04 no"), "broken"),
        (SimpleUploadedFile("q.exe", b"MZ"), "CSV or an XLSX"),
        (SimpleUploadedFile("q.csv", b"a" * 600 + b"\n1"), "500 characters"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(editor, team, table, says):
    table.seek(0)
    answer = send(editor, team, table, evidence="offer 4711")
    assert answer.status_code == 422
    assert says in str(answer.context["form"].errors)
    assert "offer 4711" in answer.content.decode()
    assert not QuoteUpload.objects.exists()


def bomb(*, parts=1, size=60_000_000, text=b"0"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in range(parts):
            packed.writestr(f"xl/{part}.xml", text * size)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("q.csv", (HEAD + "\n").encode() + (GOOD + "\n").encode() * 1_000_000),
        ("q.csv", (HEAD + "\n").encode() + b"\n" * 1_000_000),
        ("q.csv", (HEAD + "\n").encode() + b'"' * 1_000_000),
        ("q.csv", b"," * 4_000_000),
        ("q.xlsx", bomb()),
        ("q.xlsx", bomb(parts=300, size=1)),
        ("q.xlsx", bomb(size=1, text=b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')),
    ],
    ids=["rows", "empty rows", "quotes", "columns", "unpacks", "parts", "entities"],
)
def test_bombs_are_refused_within_two_seconds(editor, team, name, body):
    started = time.process_time()
    answer = send(editor, team, SimpleUploadedFile(name, body))
    assert time.process_time() - started < 2
    assert answer.status_code == 422
    assert not QuoteUpload.objects.exists()


def test_a_spreadsheet_of_a_million_rows_is_refused_within_two_seconds():
    """Streamed: what lies beyond the last row that is allowed is never read."""
    row = b"<row><c><v>1</v></c></row>"
    book = xlsx_of(["currency"], ["EUR"])
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                text = text.replace(b"</sheetData>", row * 700_000 + b"</sheetData>")
            new.writestr(part.filename, text)
    started = time.process_time()
    with pytest.raises(tables.BadTable):
        tables.read(out, name="q.xlsx", size_bytes=out.tell())
    assert time.process_time() - started < 2


def test_a_full_table_is_stored_in_bulk(editor, team, django_assert_max_num_queries):
    rows = [GOOD.replace("nebius", f"seller-{n}") for n in range(tables.MOST_ROWS)]
    page = shown(editor, send(editor, team, csv_of(*rows)))
    # SQLite takes fifty rows with a statement.
    with django_assert_max_num_queries(tables.MOST_ROWS // 15):
        confirm(editor, page)
    assert Observation.objects.count() == tables.MOST_ROWS
    with django_assert_max_num_queries(15):
        editor.get(reverse("quote-list", args=[team.pk]))


PDF = b"%PDF-1.7 an offer"


def add(client, team, **more):
    data = {
        "kind": "gpu", "provider": "Nebius", "gpu": "H100 SXM", "gpu_count": "8", "mode": "reserved",
        "term_months": "12", "currency": "EUR", "gpu_hour": "1.50",
    }  # fmt: skip
    return client.post(reverse("quote-add", args=[team.pk]), {**data, **more})


def test_evidence_is_kept_and_handed_out_to_the_team_alone(editor, team, client):
    file = SimpleUploadedFile("../Angebot 1.pdf", PDF)
    assert add(editor, team, evidence_file=file).status_code == 302
    kept = EvidenceFile.objects.get()
    answer = editor.get(reverse("quote-evidence", args=[kept.pk]))
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="Angebot_1.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    client.force_login(make_member(make_team()))
    assert client.get(reverse("quote-evidence", args=[kept.pk])).status_code == 404


def test_a_stored_file_that_was_changed_is_not_handed_out(editor, team):
    add(editor, team, evidence_file=SimpleUploadedFile("a.pdf", PDF))
    kept = EvidenceFile.objects.get()
    evidence.path_of(kept.sha256).write_bytes(PDF + b"!")
    answer = editor.get(reverse("quote-evidence", args=[kept.pk]))
    assert answer.status_code == 409
    assert "SHA-256 differs" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "body", "more", "says"),
    [
        ("a.pdf", PDF, {"evidence_sha256": "0" * 64}, "another file"),
        ("a.pdf", b"<html>", {}, "something else inside"),
        ("a.html", b"<html>", {}, "Evidence is one of"),
        ("a.pdf", PDF + b"0" * evidence.LARGEST_BYTES, {}, "larger than 10 MB"),
        ("a.txt", b"a\0b", {}, "something else inside"),
    ],
)
def test_evidence_that_cannot_be_one_is_refused(editor, team, name, body, more, says):
    answer = add(editor, team, evidence_file=SimpleUploadedFile(name, body), **more)
    assert answer.status_code == 422
    assert says in str(answer.context["form"].errors)
    assert not Observation.objects.exists()


def test_a_good_file_is_kept_when_something_else_is_wrong(editor, team):
    file = SimpleUploadedFile("a.pdf", PDF)
    page = add(editor, team, evidence_file=file, gpu_hour="-1")
    assert page.status_code == 422
    assert add(editor, team, kept_file=page.context["kept"].pk).status_code == 302
    assert Observation.objects.get().evidence_file == EvidenceFile.objects.get()


def test_a_changed_and_an_ended_quote_stay_in_the_history(editor, team):
    add(editor, team, evidence="offer 1")
    offer = Offer.objects.get()
    page = editor.get(f"{reverse('quote-add', args=[team.pk])}?offer={offer.pk}").content.decode()
    assert 'value="1.5"' in page
    add(editor, team, evidence="offer 2", gpu_hour="1.40")
    end = reverse("quote-end", args=[team.pk, offer.pk])
    assert editor.post(end, {"reason": ""}).status_code == 422
    assert editor.post(end, {"reason": "sold out"}).status_code == 302
    assert queries.prices_for([offer.pk], team_id=team.pk)[offer.pk].measures["gpu_hour"].is_expired
    ended = Observation.objects.exclude(refers_to=None).get()
    assert (ended.amount, ended.valid_until) == (Decimal("1.40"), ended.seen_at)
    assert Observation.objects.count() == 3
    assert AuditEvent.objects.filter(what="quote ended").count() == 1


def test_the_form_is_filled_in_by_the_page_that_asks_and_leads_back(editor, team):
    asked = {"gpu": "B200", "mode": "purchase", "next": "/prices/"}
    page = editor.get(reverse("quote-add", args=[team.pk]), asked)
    assert page.context["form"].initial["gpu"] == "B200"
    assert add(editor, team, evidence="x", next="/prices/")["Location"] == "/prices/"
    away = add(editor, team, evidence="x", next="https://example.org/")["Location"]
    assert "example.org" not in away


def test_an_absurd_upload_is_refused_unread_with_a_page_of_words(editor, team):
    address = reverse("quote-upload", args=[team.pk])
    answer = editor.generic(
        "POST",
        address,
        b"--x",
        content_type="multipart/form-data; boundary=x",
        headers={"content-length": str(10**9)},
    )
    assert answer.status_code == 400
    assert "larger than this page takes" in answer.content.decode()
