"""What is refused, and in which words."""

import json
import math

import pytest

from decisions.evaluation import BadInput, parse, read

from ..questions import answer, changed, closed, example, hybrid, pair, question


def faults(raw):
    with pytest.raises(BadInput) as refused:
        read(raw)
    return [str(fault) for fault in refused.value.faults]


REFUSALS = [
    ("options.2.price_per_gpu_hour", -1, "options[2].price_per_gpu_hour: must be positive, got -1"),
    ("options.2.price_per_gpu_hour", 0, "options[2].price_per_gpu_hour: must be positive, got 0"),
    ("options.2.price_per_gpu_hour", None, "options[2].price_per_gpu_hour: missing"),
    (
        "options.2.price_per_gpu_hour",
        True,
        "options[2].price_per_gpu_hour: must be a number, got true",
    ),
    (
        "options.2.price_per_gpu_hour",
        "2.5",
        'options[2].price_per_gpu_hour: must be a number, got "2.5"',
    ),
    (
        "options.2.price_per_gpu_hour",
        math.nan,
        "options[2].price_per_gpu_hour: must be a finite number, got NaN",
    ),
    (
        "options.2.price_per_gpu_hour",
        math.inf,
        "options[2].price_per_gpu_hour: must be a finite number, got Infinity",
    ),
    ("options.0.input_per_mtok", None, "options[0].input_per_mtok: missing"),
    ("options.0.input_per_mtok", -3, "options[0].input_per_mtok: must not be negative, got -3"),
    (
        "options.2.kind",
        "gpu",
        "options[2].kind: must be one of closed_api, managed_open, serverless_gpu, rented_gpu, "
        'reserved_gpu, owned_gpu, hybrid, got "gpu"',
    ),
    ("options.2.gpu", "H1000", "options[2].gpu: unknown gpu"),
    ("options.2.server", "vlm", "options[2].server: unknown server 'vlm'; did you mean vllm"),
    (
        "options.2.server",
        "llama.cpp",
        "options[2].quantization: llama.cpp does not run fp8 on H100-SXM; it runs bf16, fp16, mxfp4 "
        "and gguf there, and vllm, sglang, tensorrt-llm, tgi and lmdeploy run fp8",
    ),
    ("options.2.quantization", "fp7", "options[2].quantization: unknown quantization"),
    (
        "options.2.pric_per_gpu_hour",
        2,
        "options[2].pric_per_gpu_hour: unknown field of rented_gpu; "
        "did you mean price_per_gpu_hour",
    ),
    ("options.1.name", "A", 'options[1].name: is used twice: "A"'),
    ("options.1.name", "", "options[1].name: must be printable text"),
    ("options.1", 7, "options[1]: must be an object, got 7"),
    ("options", [], "options: must be a list with at least one, got []"),
    ("options", {}, "options: must be a list with at least one"),
    ("currency", "EURO", "currency: must be an ISO 4217 code such as EUR"),
    ("currency", "ZZZ", "currency: must be an ISO 4217 code such as EUR"),
    ("chosen", "Z", 'chosen: no option is called "Z"'),
    ("horizon_months", 1.5, "horizon_months: must be a whole number, got 1.5"),
    ("discount_rate_per_year", 10, "discount_rate_per_year: must be between 0 and 1, got 10"),
    (
        "workload.cached_input_share",
        1.1,
        "workload.cached_input_share: must be between 0 and 1, got 1.1",
    ),
    ("workload.input_tokens_per_month", None, "workload.input_tokens_per_month: missing"),
    ("workload.peak_to_mean", 0.5, "workload.peak_to_mean: must be at least 1, got 0.5"),
    ("workload.hourly_tokens", [1, -1], "workload.hourly_tokens[1]: must not be negative, got -1"),
    ("workload.hourly_tokens", [0, 0], "workload.hourly_tokens: must have tokens"),
    ("workload.availability", 1, "workload.availability: must be below 1"),
    ("workload", [], "workload: must be an object"),
    ("options.4.parts.0.share", 0.7, "options[4].parts: shares must sum to 1, got 0.9"),
    (
        "options.4.parts.0.share",
        1.7,
        "options[4].parts[0].share: must be between 0 and 1, got 1.7",
    ),
    ("options.4.parts.0.option", "Z", 'options[4].parts[0].option: no option is called "Z"'),
    (
        "options.4.parts.0.option",
        "H",
        "options[4].parts[0].option: goes round in a circle: H → H",
    ),
    ("options.2.fallback", {"option": "Z"}, "options[2].fallback.option: no option is called"),
    ("options.2.fallback", "C", "options[2].fallback.option: an option cannot be its own fallback"),
    ("options.2.tensor_parallel", 3, "options[2].tensor_parallel: "),
    ("options.2.monthly_cost", 10, "options[2].price_per_gpu_hour: cannot stand beside"),
    ("people.loaded_cost_per_fte_year", 0, "people.loaded_cost_per_fte_year: must be positive"),
    ("checklist", {"spend": {"answer": "perhaps"}}, "checklist.spend.answer: must be one of"),
    ("checklist", {"spnd": {"answer": "yes"}}, "checklist.spnd: unknown question"),
    ("as_of", "12.3.2026", "as_of: must be a date such as 2026-03-12"),
    ("requirements", {"privat": True}, "requirements.privat: unknown field"),
]


@pytest.mark.parametrize(("path", "value", "says"), REFUSALS, ids=[each[2] for each in REFUSALS])
def test_refused(path, value, says):
    assert any(each.startswith(says) for each in faults(changed(path, value)))


def on(gpu, **more):
    return pair(gpu=gpu, gpus=1, model="Llama-3.1-8B", quantization="gguf-q4_k_m", **more)


def test_a_server_that_does_not_run_on_the_gpu_is_refused_with_those_that_do():
    said = faults(question(on("M2-Ultra", server="vllm")))
    assert said == ["options[0].server: vllm does not run on M2-Ultra; llama.cpp does"]
    nothing = faults(question(pair(gpu="MI300X", gpus=1, quantization="gptq", server="trt-llm")))
    assert nothing[0].startswith("options[0].server: tensorrt-llm does not run on MI300X; vllm, ")


def test_the_server_that_runs_it_is_assumed_and_said():
    found = answer(on("M2-Ultra"))
    assert 'options[0].server = "llama.cpp"' in found["assumed"]
    assert not any("server" in each for each in answer(pair())["assumed"])


def test_what_the_team_measured_runs_whatever_the_catalogue_says():
    measured = pair(gpu="MI300X", quantization="awq", measured_output_tokens_per_s=900)
    assert answer(measured)["options"][0]["throughput"]["evidence"] == "A"
    assert faults(question(pair(gpu="MI300X", quantization="awq", server="vllm")))


def test_figures_that_no_source_shows_are_named_beside_the_grade():
    seen, unseen = (
        answer(pair(gpu=gpu))["options"][0]["throughput"] for gpu in ("H100", "H100-NVL")
    )
    assert (seen["evidence"], seen["unchecked"]) == ("B", "")
    assert unseen["evidence"] == "D"
    assert unseen["unchecked"].startswith("H100-NVL: BF16")


def test_all_faults_are_named_at_once():
    raw = changed("options.2.price_per_gpu_hour", -1, changed("currency", "EURO"))
    assert len(faults(raw)) == 2


def test_a_wage_is_needed_where_people_are_counted():
    raw = changed("options.2.ops_fte", 0.5)
    del raw["people"]
    assert faults(raw) == ["people.loaded_cost_per_fte_year: missing; options[2].ops_fte needs it"]


def test_hybrids_in_a_circle():
    raw = question(closed(), hybrid("H", ("I", 1)), hybrid("I", ("H", 1)))
    assert any("goes round in a circle: H → I → H" in each for each in faults(raw))


def test_what_cannot_be_sized_is_refused_with_the_reason():
    small = pair(gpus=None, gpu="L40S", quantization="fp16", tensor_parallel=1)
    assert any("their number cannot be worked out" in each for each in faults(question(small)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "{",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1, "a": 2}',
        "[" * 100000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_text_that_is_no_question(text):
    with pytest.raises(BadInput):
        parse(text)


def test_a_number_beyond_all_bounds_is_refused():
    raw = parse(json.dumps(example()).replace("2.5", "1e400"))
    assert any("must be a finite number" in each for each in faults(raw))


LLAMA = {
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "hidden_size": 8192,
}


def test_a_model_of_the_teams_own():
    described = {"config": LLAMA, "params_total": 70.55e9}
    own, known = (
        answer(pair(model="Llama-3.3-70B", **more)).option("C")["memory"]
        for more in ({"model_config": described}, {})
    )
    assert own == known


@pytest.mark.parametrize(
    ("described", "says"),
    [
        ({"config": LLAMA}, "options[0].model_config.params_total: missing"),
        ({"config": {}, "params_total": 1e9}, "options[0].model_config.config: "),
        (
            {"config": {**LLAMA, "num_hidden_layers": 0}, "params_total": 1e9},
            "options[0].model_con",
        ),
        ({"config": [], "params_total": 1e9}, "options[0].model_config.config: must be an object"),
    ],
)
def test_a_model_that_is_described_badly(described, says):
    assert any(each.startswith(says) for each in faults(question(pair(model_config=described))))


def test_evidence_may_have_many_lines_or_none():
    answers = {
        "fallback": {"answer": "yes", "evidence": "runbook 7\r\nrehearsed in May"},
        "revisit": {"answer": "yes", "evidence": ""},
    }
    given = read(example(checklist=answers)).answers
    assert given["fallback"].evidence.endswith("rehearsed in May")
    assert given["revisit"].evidence == ""
