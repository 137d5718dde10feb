"""OpenRouter's models and hosts are read, and its word on open weights is taken where ours is silent."""

import json
from decimal import Decimal

import pytest

from pricing import pull, queries
from pricing.models import Observation, Offer
from pricing.sources import openrouter
from pricing.sources.client import Client
from pricing.things import BadAnswer
from tests.pricing.conftest import day, recorded

NOW = day("2026-11-20")


def test_each_host_and_quantisation_has_its_own_price():
    quotes = openrouter.read(recorded("openrouter-endpoints.json"), at=NOW).quotes
    inputs = {
        (q.thing.host, q.thing.quantization): q.amount for q in quotes if q.measure == "input"
    }
    assert inputs == {
        ("deepinfra", "fp8"): Decimal("0.1"),
        ("deepinfra", "bf16"): Decimal("0.23"),
        ("together", ""): Decimal("0.88"),
    }


def test_models_and_hosts_are_asked_for(book, httpserver, settings):
    httpserver.expect_request("/models").respond_with_data(recorded("openrouter-models.json"))
    hosts = "/models/meta-llama/llama-3.3-70b-instruct/endpoints"
    httpserver.expect_request(hosts).respond_with_data(recorded("openrouter-endpoints.json"))
    settings.PRICE_SOURCE_URLS = {"openrouter": httpserver.url_for("/models")}
    report = pull.pull("openrouter", at=NOW)
    assert report.error == "1 of 2 models gave no good list of hosts"
    found = queries.find_offers(kind="token", text="llama 3.3 70b")
    assert {offer.host for offer in found} == {"openrouter", "deepinfra", "together"}


def test_hosts_that_were_not_learnt_are_not_withdrawn(book, httpserver, settings):
    models = recorded("openrouter-models.json")
    name = "meta-llama/llama-3.3-70b-instruct"
    httpserver.expect_request("/models").respond_with_data(models)
    hosts = httpserver.expect_oneshot_request(f"/models/{name}/endpoints")
    hosts.respond_with_data(recorded("openrouter-endpoints.json"))
    settings.PRICE_SOURCE_URLS = {"openrouter": httpserver.url_for("/models")}
    pull.pull("openrouter", at=NOW)
    again = httpserver.expect_request(f"/models/{name}/endpoints")
    again.respond_with_data(b"<!doctype html>")
    report = pull.pull("openrouter", at=day("2026-11-21"))
    assert (report.withdrawn, report.held_providers) == (0, [])
    assert "2 of 2 models" in report.error
    assert not Observation.objects.filter(status="withdrawn").exists()


def test_a_host_that_a_good_list_leaves_out_is_withdrawn(book):
    models = json.loads(recorded("openrouter-models.json"))
    hosts = json.loads(recorded("openrouter-endpoints.json"))["data"]
    whole = json.dumps({**models, "endpoints": [hosts]}).encode()
    pull.pull("openrouter", at=NOW, body=whole)
    fewer = {**hosts, "endpoints": hosts["endpoints"][:-1]}
    body = json.dumps({**models, "endpoints": [fewer]}).encode()
    assert pull.pull("openrouter", at=day("2026-11-21"), body=body).withdrawn > 0


@pytest.mark.parametrize("name", ["../../inside", "a/b/../../c", "x@elsewhere/y", "a", "?x/y"])
def test_a_name_that_is_a_path_is_not_asked_for(httpserver, name):
    body = json.dumps({"data": [{"id": name, "hugging_face_id": "x", "pricing": {"prompt": "1"}}]})
    httpserver.expect_ordered_request("/models").respond_with_data(body)
    openrouter.fetch(Client(), httpserver.url_for("/models"), NOW)
    assert len(httpserver.log) == 1


def test_free_and_automatic_models_are_unknown_never_free(book):
    pull.pull("openrouter", at=NOW, body=recorded("openrouter-models.json"))
    refused = Observation.objects.filter(status="rejected")
    names = set(refused.values_list("offer__source_name", flat=True))
    assert {"someone/brand-new-9b:free", "openrouter/auto"} <= names
    assert not Observation.objects.filter(status="accepted", amount__lte=0).exists()


def test_a_published_model_is_open_at_every_host(see):
    entry = {"litellm_provider": "deepinfra", "mode": "chat", "input_cost_per_token": 1e-7}
    see("2026-11-19", {"deepinfra/someone/Brand-New-9B": entry})
    assert Offer.objects.get(provider="deepinfra").weights == "unknown"
    pull.pull("openrouter", at=NOW, body=recorded("openrouter-models.json"))
    assert set(Offer.objects.filter(model="brand-new-9b").values_list("weights", flat=True)) == {
        "open"
    }


@pytest.mark.parametrize("body", [b"[]", b'{"data": 1}', b'{"data": []}', b'{"data": [1]}'])
def test_what_is_no_list_of_models_is_refused(body):
    with pytest.raises(BadAnswer):
        openrouter.read(body, at=NOW)
