"""Each source's own format, served on loopback and read by `pull_prices --from ADDRESS`."""

import json

import pytest
from django.core.management import CommandError, call_command

from pricing.models import Observation, SourceHealth
from tests.pricing.conftest import recorded
from tests.pricing.faults import zipped


@pytest.fixture
def pulled_from(book, httpserver, capsys):
    """Return a function that pulls a source by the command from a path of the server."""

    def pull(source, path):
        call_command(
            "pull_prices", "--source", source, "--from", httpserver.url_for(path), "--json"
        )
        return json.loads(capsys.readouterr().out)[0]

    return pull


def amounts(source):
    rows = Observation.objects.filter(source=source, status="accepted").select_related("offer")
    return {
        (o.offer.host, o.offer.gpu or o.offer.model, o.offer.mode, o.offer.term_months): float(
            o.amount
        )
        for o in rows
        if o.amount is not None and o.measure in ("gpu_hour", "input")
    }


def test_azure_by_its_pages(httpserver, pulled_from):
    second = httpserver.url_for("/prices?page=2").encode()
    first = recorded("azure-page-1.json").replace(b"NEXT", second)
    httpserver.expect_request("/prices", query_string="page=2").respond_with_data(
        recorded("azure-page-2.json")
    )
    httpserver.expect_request("/prices", query_string="").respond_with_data(first)
    assert pulled_from("azure_retail", "/prices")["accepted"] == 3
    reserved = {k[3]: v for k, v in amounts("azure_retail").items() if k[2] == "reserved"}
    assert reserved == {12: 8}


def test_openrouter_by_the_hosts_of_one_model(httpserver, pulled_from):
    path = "/api/v1/models/meta-llama/llama-3.3-70b-instruct/endpoints"
    httpserver.expect_request(path).respond_with_data(recorded("openrouter-endpoints.json"))
    assert pulled_from("openrouter", path)["error"] == ""
    hosts = {host for host, *_ in amounts("openrouter")}
    assert hosts == {"deepinfra", "together"}


@pytest.mark.parametrize("path", ["/v3/oci/version", "/v3/oci/20261118-7/catalog.zip"])
def test_gpuhunt_by_its_version_or_its_archive(httpserver, pulled_from, path):
    httpserver.expect_request("/v3/oci/version").respond_with_data("20261118-7\n")
    httpserver.expect_request("/v3/oci/20261118-7/catalog.zip").respond_with_data(
        zipped(recorded("gpuhunt-oci.csv")), content_type="application/zip"
    )
    assert pulled_from("gpuhunt:oci", path)["accepted"] == 2


def test_any_cloud_of_skypilot(httpserver, pulled_from):
    httpserver.expect_request("/v8/nebula/vms.csv").respond_with_data(
        recorded("skypilot-nebula.csv"), content_type="text/csv"
    )
    assert pulled_from("skypilot:nebula", "/v8/nebula/vms.csv")["accepted"] == 4


def test_the_address_stands_beside_what_was_seen_there(httpserver, pulled_from):
    httpserver.expect_request("/saved").respond_with_data(recorded("skypilot-nebula.csv"))
    pulled_from("skypilot:nebula", "/saved")
    places = Observation.objects.values_list("source_url", flat=True)
    assert set(places) == {httpserver.url_for("/saved")}


def test_a_broken_answer_ends_the_command_and_shows_on_the_sources_page(
    httpserver, pulled_from, client, admin_user
):
    httpserver.expect_request("/p").respond_with_data("<!doctype html>", content_type="text/html")
    with pytest.raises(CommandError, match="No source could be pulled"):
        pulled_from("skypilot:nebula", "/p")
    assert "no list of prices" in SourceHealth.objects.get(source="skypilot:nebula").error
    client.force_login(admin_user)
    assert "no list of prices" in client.get("/prices/sources/").content.decode()
