"""A team's own measurement: result files of both tools, measured against estimated, grade A."""

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from decisions import benchmark_files, standing
from decisions.models import AuditEvent, Benchmark
from tests import factories

# The keys that vllm bench serve --save-result writes, with --save-detailed's texts.
VLLM = {
    "date": "20261103-101500",
    "backend": "vllm",
    "model_id": "meta-llama/Llama-3.3-70B-Instruct",
    "num_prompts": 100,
    "request_rate": "inf",
    "max_concurrency": 64,
    "duration": 20.0,
    "completed": 100,
    "total_input_tokens": 100_000,
    "total_output_tokens": 30_000,
    "request_throughput": 5.0,
    "output_throughput": 1500.0,
    "mean_ttft_ms": 210.5,
    "mean_tpot_ms": 38.2,
    "generated_texts": ["SECRET ANSWER"],
}


def guidellm(**changed):
    means = {
        "output_tokens_per_second": 1400.0,
        "prompt_token_count": 1000.0,
        "output_token_count": 300.0,
        "request_concurrency": 60.5,
        "time_to_first_token_ms": 200.0,
        "inter_token_latency_ms": 40.0,
        **changed,
    }
    metrics = {name: {"successful": {"mean": mean}} for name, mean in means.items()}
    run = {"metrics": {**metrics, "request_totals": {"successful": 95}}, "start_time": 1762164000.0}
    return {"benchmarks": [run, run]}


@pytest.fixture
def team(db, client):
    team = factories.make_team()
    client.force_login(factories.make_member(team))
    return team


def post(client, team, *, file=None, **changed):
    fields = {
        "gpu": "H100",
        "model": "meta-llama/Llama-3.3-70B-Instruct",
        "quantization": "fp8",
        "server": "vllm",
        "tensor_parallel": "2",
        "replicas": "1",
        **changed,
    }
    if file is not None:
        body = file if isinstance(file, bytes) else json.dumps(file).encode()
        fields["file"] = SimpleUploadedFile("result.json", body)
    return client.post(f"/teams/{team.pk}/benchmarks/add/", fields)


def errors(page):
    return {name: " ".join(says) for name, says in page.context["form"].errors.items()}


def test_a_result_of_vllm_is_read_and_kept_with_its_hash(client, team):
    assert post(client, team, file=VLLM).status_code == 302
    stored = Benchmark.objects.get()
    assert (stored.input_tokens, stored.output_tokens, stored.concurrency) == (1000, 300, 64)
    assert (stored.output_tokens_per_s, stored.requests) == (1500, 100)
    assert stored.measured_on.isoformat() == "2026-11-03"
    assert stored.sha256 == hashlib.sha256(json.dumps(VLLM).encode()).hexdigest()
    assert "SECRET" not in str(Benchmark.objects.values())
    assert AuditEvent.objects.latest("position").what == "benchmark added"


def test_without_a_limit_the_requests_at_once_follow_from_littles_law():
    unlimited = {**VLLM, "max_concurrency": None, "mean_e2el_ms": 11_600.0}
    assert benchmark_files.read(json.dumps(unlimited))[0].concurrency == pytest.approx(58)


def test_a_sweep_of_guidellm_holds_several_runs(client, team):
    file = guidellm()
    file["benchmarks"][1] = guidellm(output_tokens_per_second=1450.0)["benchmarks"][0]
    post(client, team, file=file)
    assert {b.output_tokens_per_s for b in Benchmark.objects.all()} == {1400, 1450}
    assert Benchmark.objects.first().tpot_ms == 40
    assert Benchmark.objects.first().requests == 95
    assert client.get(f"/teams/{team.pk}/benchmarks/").status_code == 200


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "must be a JSON object"),
        (b"[" * 50_000, "nested too deeply"),
        ({}, "neither a result of vllm bench serve"),
        ({**VLLM, "completed": 0}, "completed must be a number above 0"),
        ({**VLLM, "output_throughput": "fast"}, "output_throughput must be a number"),
        ({**VLLM, "max_concurrency": None}, "max_concurrency is missing"),
        ({"benchmarks": []}, "benchmarks is empty"),
        ({"benchmarks": [{}]}, "benchmarks[0].metrics is missing"),
        (guidellm(output_token_count=None), "output_token_count.successful.mean is missing"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(client, team, file, says):
    page = post(client, team, file=file)
    assert says in errors(page)["file"]
    assert page.context["form"]["gpu"].value() == "H100"
    assert not Benchmark.objects.exists()


def test_a_run_is_typed_in(client, team):
    figures = {
        "output_tokens_per_s": "1500",
        "input_tokens": "1000",
        "output_tokens": "300",
        "concurrency": "64",
        "measured_on": "2026-11-03",
    }
    page = post(client, team, **{**figures, "concurrency": ""})
    assert "needed" in errors(page)["concurrency"]
    stored = post(client, team, **figures)
    assert stored.status_code == 302, errors(stored)
    assert Benchmark.objects.get().kind == "typed"


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"gpu": "H1000"}, "gpu"), ({"model": "Llama 4 70B"}, "model"), ({"server": "x"}, "server")],
)
def test_an_unknown_name_is_refused_with_near_ones(client, team, changed, field):
    assert "nknown" in errors(post(client, team, file=VLLM, **changed))[field]


def test_the_same_file_is_stored_once(client, team):
    post(client, team, file=VLLM)
    assert "stored already" in errors(post(client, team, file=VLLM))["file"]


@pytest.mark.parametrize(("throughput", "warned"), [(1500.0, False), (150.0, True)])
def test_a_run_far_below_the_estimate_is_warned_of(client, team, throughput, warned):
    post(client, team, file={**VLLM, "output_throughput": throughput})
    stored = Benchmark.objects.get()
    page = client.get(f"/teams/{team.pk}/benchmarks/{stored.pk}/").content.decode()
    assert ("slower than half" in page) is warned
    assert stored.sha256 in page


def test_the_measurement_replaces_the_estimate(client, team):
    decision = factories.make_decision(team)
    before = standing.answer(decision).option("Rented")["throughput"]
    assert before["evidence"] == "B"
    post(client, team, file=VLLM, replicas="2")
    stored = Benchmark.objects.get()
    option = decision.options.get(name="Rented")
    client.post(f"/teams/{team.pk}/benchmarks/{stored.pk}/use/", {"option": option.pk})
    decision.refresh_from_db()
    after = standing.answer(decision).option("Rented")["throughput"]
    assert after["evidence"] == "A"
    assert set(after["output_tokens_per_s"].values()) == {750}
    option.refresh_from_db()
    assert stored.sha256 in option.figures["measured_source"]
    page = client.get(f"/teams/{team.pk}/benchmarks/{stored.pk}/").content.decode()
    assert "uses it" in page


def test_another_gpus_option_does_not_take_it(client, team):
    decision = factories.make_decision(team)
    stored = factories.make_benchmark(team, gpu="A100")
    option = decision.options.get(name="Rented")
    client.post(f"/teams/{team.pk}/benchmarks/{stored.pk}/use/", {"option": option.pk})
    option.refresh_from_db()
    assert "measured_output_tokens_per_s" not in option.figures


def test_requests_of_another_size_are_named(client, team):
    factories.make_decision(team)
    stored = factories.make_benchmark(team, input_tokens=8000)
    page = client.get(f"/teams/{team.pk}/benchmarks/{stored.pk}/").content.decode()
    assert "8,000 tokens measured, 1,000 in the workload" in page


def test_another_figure_typed_in_does_not_keep_the_old_source(client, team):
    decision = factories.make_decision(team)
    stored = factories.make_benchmark(team)
    option = decision.options.get(name="Rented")
    client.post(f"/teams/{team.pk}/benchmarks/{stored.pk}/use/", {"option": option.pk})
    page = client.get(f"/decisions/{decision.pk}/options/{option.pk}/")
    form = page.context["form"]
    fields = {name: form[name].value() or "" for name in form.fields}
    client.post(page.request["PATH_INFO"], {**fields, "measured_output_tokens_per_s": "900"})
    option.refresh_from_db()
    assert option.figures["measured_output_tokens_per_s"] == 900
    assert "measured_source" not in option.figures


def test_a_benchmark_is_removed(client, team):
    stored = factories.make_benchmark(team)
    client.post(f"/teams/{team.pk}/benchmarks/{stored.pk}/remove/")
    assert not Benchmark.objects.exists()
