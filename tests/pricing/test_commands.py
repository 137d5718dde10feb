"""The commands do what the clock and the pages do."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from pricing.models import ExchangeRate, ModelFamily, Observation, SourceHealth
from tests.pricing.conftest import RECORDED, day, recorded

COUNTS = {"source", "revision", "accepted", "unchanged", "quarantined", "rejected", "withdrawn"}


def run(*args):
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_json_is_one_list_of_reports(book, httpserver, settings):
    httpserver.expect_request("/p").respond_with_data(recorded("litellm-2026-10-01.json"))
    httpserver.expect_request("/ecb").respond_with_data(recorded("ecb.xml"))
    settings.PRICE_SOURCE_URLS = {
        n: httpserver.url_for(p) for n, p in (("litellm", "/p"), ("ecb", "/ecb"))
    }
    reports = json.loads(run("pull_prices", "--source", "litellm", "--source", "ecb", "--json"))
    assert [report["source"] for report in reports] == ["litellm", "ecb"]
    assert {*COUNTS, "held_providers", "error"} <= set(reports[0])
    assert all(report["accepted"] > 0 and report["error"] == "" for report in reports)


def test_a_saved_answer_of_a_cloud_is_read_for_its_day(book):
    file = RECORDED / "skypilot-nebula.csv"
    said = run(
        "pull_prices",
        "--source",
        "skypilot",
        "--cloud",
        "nebula",
        "--from",
        str(file),
        "--seen-at",
        "2026-08-02",
    )
    assert said.startswith("skypilot:nebula: 4 accepted")
    assert set(Observation.objects.values_list("seen_at", flat=True)) == {day("2026-08-02")}


def test_a_saved_answer_is_read_from_an_address(book, httpserver):
    httpserver.expect_request("/saved").respond_with_data(recorded("litellm-2026-10-01.json"))
    run(
        "pull_prices",
        "--source",
        "litellm",
        "--from",
        httpserver.url_for("/saved"),
        "--seen-at",
        "2026-10-01",
    )
    assert SourceHealth.objects.get(source="litellm").last_success_at == day("2026-10-01")


def test_a_pull_that_fails_says_so(book, settings):
    settings.PRICE_SOURCE_URLS = {"litellm": "http://127.0.0.1:9/p"}
    with pytest.raises(CommandError, match="No source could be pulled"):
        run("pull_prices", "--source", "litellm")
    assert "no connection" in SourceHealth.objects.get(source="litellm").error


@pytest.mark.parametrize(
    "wrong",
    [
        ("--source", "nothing"),
        ("--source", "litellm", "--cloud", "aws"),
        ("--from", "x"),
        ("--source", "litellm", "--source", "ecb", "--from", "x"),
        ("--source", "litellm", "--source", "ecb", "--seen-at", "2026-01-01"),
        ("--seen-at", "2026-01-01"),
        ("--source", "litellm", "--from", "/nowhere/at/all"),
        ("--source", "litellm", "--from", "x", "--seen-at", "soon"),
    ],
)
def test_a_wrong_call_is_refused(db, wrong):
    with pytest.raises(CommandError):
        run("pull_prices", *wrong)
    assert not SourceHealth.objects.exists()


def test_what_is_embedded_is_loaded_by_one_command(db):
    said = run("load_embedded_prices")
    assert said.count("accepted") == 3
    assert ModelFamily.objects.count() > 40
    assert ExchangeRate.objects.filter(currency="USD").count() > 500


def test_a_gzipped_answer_is_unpacked_up_to_the_cap(book, tmp_path):
    packed = tmp_path / "saved.json.gz"
    packed.write_bytes(gzip.compress(recorded("litellm-2026-10-01.json")))
    call = ("pull_prices", "--source", "litellm", "--from", str(packed), "--json")
    assert json.loads(run(*call, "--seen-at", "2026-10-01"))[0]["accepted"] > 0
    packed.write_bytes(gzip.compress(b" " * 60_000_000))
    with pytest.raises(CommandError, match="larger than 20 MB"):
        run(*call)
    packed.write_bytes(b"\x1f\x8b broken")
    with pytest.raises(CommandError, match="cannot be read"):
        run(*call)
