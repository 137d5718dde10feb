"""A team describes a model by its config.json: faults at the field, a preview, and its use."""

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from decisions import questions, standing
from decisions.models import AuditEvent, OwnModel
from tests import factories

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 128256,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "hidden_size": 8192,
}
MIXTURE = {**LLAMA, "num_local_experts": 16, "num_experts_per_tok": 2}


@pytest.fixture
def team(db, client):
    team = factories.make_team()
    client.force_login(factories.make_member(team))
    return team


def fields(**changed):
    return {"name": "our-70b", "config": json.dumps(LLAMA), "params_total": "70.55B", **changed}


def post(client, team, **changed):
    return client.post(f"/teams/{team.pk}/models/add/", fields(**changed))


def test_what_is_read_is_shown_before_anything_is_stored(client, team):
    page = post(client, team, preview="1")
    text = page.content.decode()
    assert "80" in text and "8 KV heads" in text and "327,680 bytes per token" in text
    assert not OwnModel.objects.exists()
    post(client, team)
    own = OwnModel.objects.get()
    assert own.sha256 == hashlib.sha256(json.dumps(LLAMA).encode()).hexdigest()
    assert "vocab_size" not in own.config
    assert AuditEvent.objects.latest("position").what == "model added"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({**LLAMA, "sliding_window": 4096}, "4,096 tokens in 80 of 80 layers"),
        ({**LLAMA, "sliding_window": 4096, "use_sliding_window": False}, "none"),
        ({**LLAMA, "sliding_window": 1024, "sliding_window_pattern": 5}, "in 64 of 80 layers"),
        ({**LLAMA, "full_attention_interval": 4}, "80, 20 with a cache"),
        ({**LLAMA, "kv_lora_rank": 512, "qk_rope_head_dim": 64}, "rank 512"),
        ({"text_config": LLAMA, "model_type": "eyes"}, "8 KV heads"),
    ],
)
def test_other_kinds_of_layers_are_read(client, team, config, says):
    page = post(client, team, config=json.dumps(config), preview="1")
    assert says in " ".join(page.content.decode().split())


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"config": ""}, "config", "Paste"),
        ({"config": "{"}, "config", "not valid JSON"),
        ({"config": "[1]"}, "config", "must be a JSON object"),
        ({"config": '{"hidden_size": NaN}'}, "config", "NaN"),
        ({"config": "[" * 100_000}, "config", "nested too deeply"),
        ({"config": "{}"}, "config", "num_hidden_layers: missing"),
        ({"config": json.dumps({**LLAMA, "hidden_size": "wide"})}, "config", "hidden_size: must"),
        ({"config": json.dumps({**LLAMA, "hidden_size": 10**9})}, "config", "above 1,000,000"),
        ({"config": json.dumps(MIXTURE)}, "params_active", "active parameters"),
        ({"config": json.dumps(MIXTURE), "params_active": "90B"}, "params_active", "exceed"),
        ({"params_total": "many"}, "params_total", "not a number"),
        ({"name": "meta-llama/Llama-3.3-70B"}, "name", "catalogue"),
    ],
)
def test_a_fault_is_named_at_its_field_and_nothing_typed_is_lost(
    client, team, changed, field, says
):
    page = post(client, team, **changed)
    form = page.context["form"]
    assert says in " ".join(form.errors[field])
    assert form["name"].value() == fields(**changed)["name"]
    assert not OwnModel.objects.exists()


def test_an_uploaded_file_is_read_like_pasted_text(client, team):
    file = SimpleUploadedFile("config.json", json.dumps(LLAMA).encode())
    page = post(client, team, config="", config_file=file, preview="1")
    assert "8 KV heads" in page.content.decode()
    assert json.loads(page.context["form"]["config"].value()) == LLAMA


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b" " * 1_100_000])
def test_a_file_that_is_no_text_or_too_large_is_refused(client, team, body):
    page = post(client, team, config="", config_file=SimpleUploadedFile("c.json", body))
    assert page.context["form"].errors["config_file"]


def test_an_option_uses_it_like_a_model_of_the_catalogue(client, team):
    post(client, team)
    figures = {"gpu": "H100", "gpus": 2, "quantization": "fp8", "price_per_gpu_hour": 2.5}
    decision = factories.make_decision(
        team,
        options={
            "Ours": ("rented_gpu", {**figures, "model": "our-70b"}),
            "Catalogue": ("rented_gpu", {**figures, "model": "Llama-3.3-70B"}),
        },
    )
    answered = standing.answer(decision)
    ours, known = (answered.option(name) for name in ("Ours", "Catalogue"))
    assert ours["memory"] == known["memory"]
    assert ours["throughput"]["output_tokens_per_s"] == known["throughput"]["output_tokens_per_s"]
    own = OwnModel.objects.get()
    client.post(f"/teams/{team.pk}/models/{own.pk}/remove/")
    assert OwnModel.objects.filter(pk=own.pk).exists(), "an option uses it"
    assert decision.name in client.get(f"/teams/{team.pk}/models/").content.decode()


def test_a_part_inside_a_hybrid_is_described_too(team):
    factories.make_own_model(team, name="our-70b")
    part = {"kind": "rented_gpu", "name": "Part", "model": "our-70b"}
    decision = factories.make_decision(
        team, options={"Mix": ("hybrid", {"parts": [{"option": part, "share": 1.0}]})}
    )
    asked = questions.ask(decision)
    assert asked.raw["options"][0]["parts"][0]["option"]["model_config"]["params_total"] == 1e6


def test_another_teams_model_is_not_known(team):
    factories.make_own_model(factories.make_team(), name="our-70b")
    decision = factories.make_decision(
        team, options={"Ours": ("rented_gpu", {"model": "our-70b", "gpu": "H100"})}
    )
    assert "unknown model" in " ".join(map(str, standing.answer(decision).faults))


def test_a_model_that_nothing_uses_can_be_removed(client, team):
    own = factories.make_own_model(team)
    assert "Remove" in client.get(f"/teams/{team.pk}/models/{own.pk}/remove/").content.decode()
    client.post(f"/teams/{team.pk}/models/{own.pk}/remove/")
    assert not OwnModel.objects.exists()
