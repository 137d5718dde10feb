"""A frozen record becomes a PDF that holds it: readable, valid, the same each time, and harmless."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pypdf
import pytest

from decisions import rendering
from decisions.rendering import confined, pdf, readback, text
from decisions.rendering.pages import Room
from tests import verapdf
from tests.decisions import record_examples as examples


@pytest.fixture(scope="module")
def record_json():
    return examples.as_text(examples.record())


@pytest.fixture(scope="module")
def rendered(record_json):
    return rendering.render(record_json)


@pytest.fixture(scope="module")
def reader(rendered):
    return pypdf.PdfReader(io.BytesIO(rendered.pdf), strict=True)


@pytest.fixture(scope="module")
def first_page(reader):
    return reader.pages[0].extract_text()


def hostile(sentence: str, name: str = "Plain"):
    """Return a record in which every text that people type is the sentence."""
    question = json.loads(json.dumps(examples.QUESTION))
    question["options"][1]["name"] = name
    for part in question["options"][4]["parts"]:
        part["option"] = name if part["option"] == "Managed 70B" else part["option"]
    made = examples.record(question=question)
    for part, fields in {
        "team": ["name"],
        "decision": ["name", "purpose", "chosen_because", "workload_source"],
        "review": ["prepared_by", "prepared_note", "approved_by", "approved_note"],
    }.items():
        made[part] |= dict.fromkeys(fields, sentence)
    made["review"]["comments"][0] |= {"by": sentence, "text": sentence}
    for row in made["checklist"]:
        row["evidence"] = sentence
    for price in made["prices"]:
        price["source"] = sentence
    made["flags"] = [{"kind": "crossed", "says": sentence}]
    made["changes"][0]["new"] = sentence
    return made


class TestWhatItHolds:
    def test_it_has_between_four_and_twenty_pages(self, rendered, reader):
        assert 4 <= rendered.pages == len(reader.pages) <= 20

    def test_page_one_says_it_all(self, first_page):
        for words in (
            "Support assistant",
            "Customer care",
            "2026 Q4",
            "BE-2026Q4-000042",
            "EUR 2,092",
            "EUR 740",
            "EUR 1,352",
            "A fifth of the conversations",
            "All 3 gates are met",
            "3 changes since BE-2026Q3-000017",
            "Mara Lindqvist <mara@example.org>",
            "20 November 2026, 09:12:44 UTC",
            "Tomás Okafor <tomas@example.org>",
            "23 November 2026, 14:05:09 UTC",
        ):
            assert words in " ".join(first_page.split()), words

    def test_every_figure_of_every_option_is_printed(self, reader):
        printed = "".join(page.extract_text() for page in reader.pages)
        for option in examples.record()["result"]["options"]:
            for amount in (option["per_month"]["total"], option["year_1"], option["npv_cost"]):
                assert f"{amount:,.0f}" in printed, (option["name"], amount)

    def test_every_page_carries_the_record_and_its_digest(self, rendered):
        held = readback.read(rendered.pdf)
        assert held.pages_without(held.record_id) == []
        assert held.pages_without(held.sha256) == []
        assert held.misnumbered == []
        assert held.sha256 in held.subject

    def test_prices_stand_with_source_date_and_exchange_rate(self, reader):
        printed = " ".join("".join(page.extract_text() for page in reader.pages).split())
        for words in ("USD 3.45", "1 USD = 0.869565 EUR", "litellm", "20 November 2026"):
            assert words in printed, words

    def test_an_option_that_misses_a_need_is_not_called_the_best(self):
        question = json.loads(json.dumps(examples.QUESTION))
        question["requirements"] = {"frontier_quality": True}
        made = rendering.render(examples.as_text(examples.record(question=question)))
        page = " ".join(readback.read(made.pdf).pages[0].split())
        assert "It is the best option at the prices of this record" in page
        assert "Cheaper, but left out: Managed 70B does not reach frontier quality" in page

    def test_a_first_record_shows_its_options_instead_of_changes(self):
        made = examples.record(changes=[])
        made["record"]["supersedes"] = None
        page = readback.read(rendering.render(examples.as_text(made)).pdf).pages[0]
        assert "first record of this decision" in page
        assert "Managed 70B" in page

    def test_a_demo_record_says_so_on_every_page(self, rendered):
        held = readback.read(rendering.render(examples.as_text(examples.record(demo=True))).pdf)
        assert held.pages_without("DEMO") == []
        assert len(readback.read(rendered.pdf).pages_without("DEMO")) == rendered.pages


class TestTheFile:
    def test_it_is_valid_pdf_a_and_pdf_ua(self, rendered):
        assert verapdf.faults(rendered.pdf) == verapdf.NONE

    def test_the_attachment_is_the_snapshot_and_evaluates_to_the_same_figures(
        self, reader, record_json
    ):
        attached = reader.attachments["record.json"]
        assert [each.decode() for each in attached] == [record_json]
        held = json.loads(attached[0])
        again = examples.evaluated(held["question"])
        assert again == held["result"]

    def test_the_attachment_is_the_source_and_has_its_own_date(self, reader):
        files = reader.trailer["/Root"]["/Names"]["/EmbeddedFiles"]["/Names"][1::2]
        found = {each["/UF"]: each.get_object() for each in map(_object, files)}
        assert found["record.json"]["/AFRelationship"] == "/Source"
        assert found["evidence.csv"]["/AFRelationship"] == "/Supplement"
        dates = {each["/EF"]["/F"]["/Params"]["/ModDate"] for each in found.values()}
        assert dates == {"D:20261123140509Z"}

    def test_the_evidence_is_a_table_too_and_nothing_in_it_is_a_formula(self):
        made = rendering.render(examples.as_text(hostile('=HYPERLINK("http://x")')))
        held = readback.read(made.pdf).evidence.decode()
        cells = [cell for row in csv.reader(io.StringIO(held)) for cell in row]
        assert '\'=HYPERLINK("http://x")' in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]

    def test_it_says_its_language_title_and_what_its_charts_show(self, reader, rendered):
        assert reader.trailer["/Root"]["/Lang"] == "en-GB"
        assert reader.metadata.title == "BE-2026Q4-000042: Support assistant, 2026 Q4"
        alternatives = [each["/Alt"] for each in _objects(reader) if each.get("/S") == "/Figure"]
        assert len(alternatives) == 3, "two charts and the code that leads to the verification"
        assert all(alternatives)

    def test_the_same_record_gives_the_same_bytes(self, rendered, record_json):
        assert rendering.render(record_json).pdf == rendered.pdf

    def test_another_process_gives_the_same_bytes(self, rendered, record_json, tmp_path):
        (tmp_path / "record.json").write_text(record_json)
        code = (
            "import sys, django; django.setup()\n"
            "from pathlib import Path\n"
            "from decisions import rendering\n"
            "print(rendering.render(Path(sys.argv[1]).read_text()).sha256)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "record.json"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "BREAKEVEN_STARTED_BY_A_TEST": "1", "PYTHONHASHSEED": "7"},
        )
        assert run.stdout.strip() == rendered.sha256

    def test_progress_is_told(self, record_json):
        told = []
        rendering.render(record_json, report=lambda percent, says: told.append((percent, says)))
        assert [percent for percent, _ in told] == sorted(percent for percent, _ in told)
        assert {"Laying out the pages", "Attached record.json"} <= {says for _, says in told}


def _object(each):
    return each.get_object()


def _objects(reader):
    found = (reader.get_object(number) for number in range(1, reader.trailer["/Size"]))
    return [each for each in found if isinstance(each, pypdf.generic.DictionaryObject)]


def _close_up(text):
    """Return the text without spaces, line ends and the places to break that long words get."""
    return "".join(text.replace("\u200b", "").split())


class TestHostileText:
    SENTENCES = (
        '<script>alert(1)</script><img src="http://169.254.169.254/a.png">',
        "</style><style>@import url(http://169.254.169.254/x.css);*{display:none}</style>",
        "file:///etc/passwd <link rel=attachment href=file:///etc/passwd>",
        "http://169.254.169.254/latest/meta-data url(http://169.254.169.254/)",
        "{{ settings.SECRET_KEY }} {% include 'x' %} {# no #}",
    )

    @pytest.fixture
    def no_network(self, monkeypatch):
        def refuse(*args, **kwargs):
            pytest.fail(f"the rendering asked the network: {args}")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)

    def test_it_is_shown_as_text_and_fetches_nothing(self, no_network):
        made = rendering.render(
            examples.as_text(hostile(" ".join(self.SENTENCES), name=self.SENTENCES[0][:70]))
        )
        printed = _close_up("".join(readback.read(made.pdf).pages))
        for sentence in self.SENTENCES:
            assert _close_up(sentence) in printed, sentence
        assert "root:x:0" not in printed
        attached = pypdf.PdfReader(io.BytesIO(made.pdf)).attachments
        assert set(attached) == {"record.json", "evidence.csv"}

    def test_signs_that_deceive_or_that_no_font_holds_are_spelled_out(self):
        sentence = "total \u202e006,3 RUE\u202c 😀 \ue000 \U000e0041 \x07 漢 שלום \u0301\u0301\u0301\u0301\u0301\u0301"
        made = rendering.render(examples.as_text(hostile(sentence, name="Plain 漢 😀")))
        printed = "".join(readback.read(made.pdf).pages)
        for words in ("[U+202E]", "[grinning face]", "[U+E000]", "[U+E0041]", "[U+0007]"):
            assert words in printed, words
        assert verapdf.faults(made.pdf) == verapdf.NONE

    @pytest.mark.parametrize(
        "sentence",
        ["x" * 50_000, "word " * 10_000, "\n" * 25_000 + "\u0301" * 25_000],
        ids=["one word", "words", "lines and marks"],
    )
    def test_endless_text_is_cut_and_the_cut_is_said(self, sentence):
        made = rendering.render(
            examples.as_text(hostile(sentence, name=(sentence.strip() or "lines")[:80]))
        )
        assert made.pages <= 20
        assert "the rest stands in record.json" in " ".join(
            "".join(readback.read(made.pdf).pages).split()
        )
        assert sentence in json.loads(readback.read(made.pdf).record_json)["decision"]["purpose"]

    def test_a_page_that_asks_for_another_file_is_no_record(self):
        with pytest.raises(pdf.AskedForMore, match="it asked for"):
            pdf._lay_out('<html lang="en"><img src="http://127.0.0.1/a.png" alt="a"></html>')
        with pytest.raises(pdf.AskedForMore, match="it asked for"):
            pdf._lay_out('<html lang="en"><img src="file:///etc/passwd" alt="a"></html>')


class TestLongRecords:
    def test_fifty_options_fit_and_the_rest_is_named(self):
        question = json.loads(json.dumps(examples.QUESTION))
        question["options"] += [
            {
                "name": f"Provider {number} with a name that is not short",
                "kind": "managed_open",
                "input_per_mtok": 0.5 + number / 7,
                "output_per_mtok": 0.8 + number / 3,
            }
            for number in range(45)
        ]
        made = rendering.render(examples.as_text(examples.record(question=question)))
        printed = " ".join("".join(readback.read(made.pdf).pages).split())
        assert 4 <= made.pages <= 20
        assert "more options: the rest stands in record.json" in printed

    def test_what_never_fits_is_refused_in_words(self, record_json, monkeypatch):
        monkeypatch.setattr(pdf, "MOST_PAGES", 3)
        monkeypatch.setattr(pdf, "ROOMS", (Room(rows=2, letters=50),))
        with pytest.raises(rendering.CannotRender, match="needs more than 3 pages"):
            rendering.render(record_json)


def sleep(report):
    time.sleep(30)
    return b""


def die(report):
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


@pytest.mark.skipif(sys.platform != "linux", reason="confined only where forking is safe")
class TestConfinement:
    def quiet(self, **progress):
        pass

    def test_it_brings_back_what_was_made_and_what_was_told(self):
        told = []

        def make(report):
            report(percent=5, says="begun")
            return b"made"

        report = lambda **progress: told.append(progress)  # noqa: E731
        assert confined.run(make, report=report, seconds=10, megabytes=256) == b"made"
        assert told == [{"percent": 5, "says": "begun"}]

    def test_too_long_is_stopped(self):
        started = time.monotonic()
        with pytest.raises(confined.Stopped, match=r"longer than 0\.3 s"):
            confined.run(sleep, report=self.quiet, seconds=0.3, megabytes=256)
        assert time.monotonic() - started < 5

    def test_too_much_memory_is_stopped(self):
        with pytest.raises(confined.Stopped, match="more than 64 MB of memory"):
            confined.run(
                lambda _: bytes(bytearray(512 * 2**20)),
                report=self.quiet,
                seconds=10,
                megabytes=64,
            )

    def test_a_process_that_dies_is_told(self):
        with pytest.raises(confined.Stopped, match="died"):
            confined.run(
                die,
                report=self.quiet,
                seconds=10,
                megabytes=64,
            )

    def test_a_failure_is_told_and_no_child_is_left(self):
        def make(report):
            raise ValueError("no such thing")

        before = psutil.Process().children()
        with pytest.raises(confined.Stopped, match="ValueError: no such thing"):
            confined.run(make, report=self.quiet, seconds=10, megabytes=64)
        assert psutil.Process().children() == before


class TestReadingBack:
    def test_what_is_not_faithful_is_not_stored(self, rendered, record_json, monkeypatch):
        monkeypatch.setattr(confined, "run", lambda make, **_: rendered.pdf)
        other = record_json.replace("Customer care", "Customer Care")
        with pytest.raises(rendering.CannotRender, match=r"does not hold record\.json"):
            rendering.render(other)

    @pytest.mark.parametrize("body", [b"", b"%PDF-1.7", b"no pdf at all", b"\x00" * 1000])
    def test_what_is_no_pdf_is_refused_in_words(self, body):
        with pytest.raises(readback.NotARecord, match="cannot be read as a PDF"):
            readback.read(body)

    def test_a_pdf_without_a_record_is_refused(self):
        writer = pypdf.PdfWriter()
        writer.add_blank_page(100, 100)
        body = io.BytesIO()
        writer.write(body)
        with pytest.raises(readback.NotARecord, match=r"0 attachments named record\.json"):
            readback.read(body.getvalue())


def test_no_text_of_a_record_escapes_being_made_printable():
    safe = text.printable_record({"a\u202e": [{"text": "b\u202e", "n": 1, "x": None}]}, at_most=9)
    assert safe == {"a[U+202E]": [{"text": "b[U+202E]", "n": 1, "x": None}]}
