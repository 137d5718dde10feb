import pytest

from decisions import catalogue, measurements, support
from decisions.catalogue import gpu, quantization, server


def refusal(*, engine, card, number_format):
    with pytest.raises(support.Unsupported) as refused:
        support.check(server(engine), gpu(card), quantization(number_format))
    return refused.value


def test_a_server_that_does_not_know_the_chip_is_refused_with_those_that_do():
    said = refusal(engine="tensorrt-llm", card="MI300X", number_format="fp8")
    assert said.field == "server"
    assert {"vllm", "sglang"} <= set(said.says.replace(",", "").split())
    said = refusal(engine="vllm", card="M4-Max", number_format="bf16")
    assert (said.field, "llama.cpp" in said.says) == ("server", True)


@pytest.mark.parametrize(
    ("engine", "card", "number_format", "others"),
    [
        ("vllm", "MI300X", "awq", "sglang"),
        ("tensorrt-llm", "A100", "fp8", "vllm"),
        ("tensorrt-llm", "H100", "fp4", "vllm"),
        ("sglang", "H100", "fp4", "vllm"),
        ("sglang", "MI300X", "gguf-q4_k_m", "llama.cpp"),
        ("tgi", "MI300X", "awq", "sglang"),
        ("llama.cpp", "H100", "awq", "vllm"),
        ("llama.cpp", "M2-Ultra", "fp8", "gguf"),
    ],
)
def test_a_format_that_does_not_run_there_is_refused_with_what_does(
    engine, card, number_format, others
):
    said = refusal(engine=engine, card=card, number_format=number_format)
    assert said.field == "quantization"
    assert number_format in said.says and others in said.says


@pytest.mark.parametrize(
    "measured",
    sorted({(row.server, row.gpu, row.quantization) for row in measurements.measurements()}),
)
def test_what_public_measurements_ran_is_not_refused(measured):
    engine, card, number_format = measured
    support.check(server(engine), gpu(card), quantization(number_format))


def test_every_gpu_has_a_server_for_sixteen_bits():
    for card in catalogue.gpus():
        assert support.runs(support.usual(card, quantization("bf16")), card, quantization("bf16"))


def test_where_no_server_runs_a_format_the_ones_that_do_run_are_named():
    with pytest.raises(support.Unsupported, match=r"no server known runs fp8 on M2-Ultra.*gguf"):
        support.usual(gpu("M2-Ultra"), quantization("fp8"))


def test_every_server_says_where_its_support_was_seen_and_what_tuning_gives():
    known = {each.architecture for each in catalogue.gpus()}
    formats = {each.name.partition("-")[0] for each in catalogue.quantizations()}
    for each in catalogue.servers():
        assert each.support_source and each.tuned_gain_source
        assert each.tuned_gain >= 1
        assert set(each.runs) <= known
        assert all(set(names) <= formats for names in each.runs.values())
