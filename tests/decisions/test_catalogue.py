import math

import pytest

from decisions import catalogue
from decisions.catalogue import UnknownName
from decisions.formulas import bands
from decisions.model_configs import model_from_config


@pytest.mark.parametrize("name", ["H100", "h100 sxm", "H100-SXM-80GB", "H100_SXM5"])
def test_a_gpu_is_found_however_people_write_it(name):
    assert catalogue.gpu(name).name == "H100-SXM"


@pytest.mark.parametrize(
    "name",
    ["Llama-3.x-70B", "meta-llama/Llama-3.3-70B-Instruct", "llama 3.3 70b", "Meta-Llama-3-70B"],
)
def test_a_model_is_found_however_people_write_it(name):
    assert catalogue.model(name).name == "Llama-3.3-70B"


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("nvidia/Llama-3.3-70B-Instruct-NVFP4", "Llama-3.3-70B"),
        ("Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4", "Qwen2.5-72B"),
        ("RedHatAI/Qwen3-32B-FP8-dynamic", "Qwen3-32B"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "Llama-3.1-8B"),
        ("unsloth/gemma-3-27b-it-GGUF", "Gemma-3-27B"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "Llama-3.3-70B"),
    ],
)
def test_a_quantized_copy_is_found_under_the_name_its_makers_give_it(name, model):
    assert catalogue.model(name).name == model
    assert catalogue.holds_model(name)


def test_every_family_that_teams_ask_for_is_there():
    families = {model.family for model in catalogue.models()}
    assert families >= {
        *("llama-3", "llama-4", "qwen2.5", "qwen3", "mistral", "mixtral", "gpt-oss"),
        *("deepseek-v3", "gemma-3", "phi", "glm-4.5", "kimi", "minimax"),
    }


def test_a_figure_that_no_source_shows_is_named_and_lowers_the_grade():
    seen, unseen = catalogue.gpu("H100"), catalogue.gpu("H100-NVL")
    assert not seen.unchecked
    assert "BF16" in unseen.unchecked
    of = {"model": catalogue.model("Qwen3-14B"), "server": catalogue.server("vllm"), "tuned": True}
    assert [bands.grade(gpu=gpu, **of) for gpu in (seen, unseen)] == ["C", "D"]


def test_a_model_that_does_not_exist_is_refused_with_those_that_may_be_meant():
    with pytest.raises(UnknownName) as refused:
        catalogue.model("Llama 4 70B")
    assert refused.value.name == "Llama 4 70B"
    assert set(refused.value.near) == {"Llama-3.3-70B", "Llama-4-Scout", "Llama-4-Maverick"}
    assert "Llama-4-Scout" in str(refused.value)


@pytest.mark.parametrize("find", [catalogue.gpu, catalogue.quantization, catalogue.server])
@pytest.mark.parametrize("name", ["", "  ", "no such thing", "/"])
def test_nonsense_is_refused(find, name):
    with pytest.raises(UnknownName):
        find(name)


def test_a_misspelt_gpu_offers_its_neighbours():
    with pytest.raises(UnknownName) as refused:
        catalogue.gpu("H100X")
    assert "H100-SXM" in refused.value.near


@pytest.mark.parametrize(
    "entries",
    [catalogue.gpus(), catalogue.models(), catalogue.quantizations(), catalogue.servers()],
)
def test_every_entry_has_a_source_and_a_name_of_its_own(entries):
    assert all(entry.source for entry in entries)
    assert len({entry.name for entry in entries}) == len(entries)


def test_every_alias_leads_home():
    for find, entries in (
        (catalogue.gpu, catalogue.gpus()),
        (catalogue.model, catalogue.models()),
        (catalogue.quantization, catalogue.quantizations()),
        (catalogue.server, catalogue.servers()),
    ):
        for entry in entries:
            assert {find(alias) for alias in entry.aliases} <= {entry}


@pytest.mark.parametrize("model", catalogue.models(), ids=lambda model: model.name)
def test_the_sizes_of_a_model_agree_with_each_other(model):
    assert 0 < model.params_active <= model.params_total
    assert 0 < model.layers_with_kv <= model.layers
    assert model.attention_heads % model.kv_heads == 0
    assert (model.params_active < model.params_total) == model.is_mixture
    assert 0 <= model.experts_active <= max(model.experts - 1, 0)
    shared = model.params_active - model.experts_active * model.params_per_expert
    assert shared > 0, "the parts that every token passes through"


@pytest.mark.parametrize("gpu", catalogue.gpus(), ids=lambda gpu: gpu.name)
def test_the_figures_of_a_gpu_are_plausible(gpu):
    assert 10 < gpu.vram_gb < 400
    assert 1e11 < gpu.bandwidth_bytes_per_s < 1e13
    assert 1e13 < gpu.bf16_flops < 1e16
    if gpu.fp8_flops is not None:
        assert gpu.fp8_flops == pytest.approx(2 * gpu.bf16_flops, rel=0.02)


def test_the_figures_of_the_gpus_that_the_article_compares():
    h100, a100 = catalogue.gpu("H100"), catalogue.gpu("A100")
    assert (h100.bandwidth_bytes_per_s, h100.bf16_flops, h100.fp8_flops) == (
        3.35e12,
        989e12,
        1979e12,
    )
    assert a100.fp8_flops is None
    assert catalogue.gpu("H200").vram_gb == 141
    assert catalogue.gpu("MI300X").bandwidth_bytes_per_s == 5.3e12


LLAMA = {
    "model_type": "llama",
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "hidden_size": 8192,
}


def test_a_dense_config_gives_what_the_catalogue_says():
    known = catalogue.model("Llama-3.3-70B")
    read = model_from_config(LLAMA, name="mine", params_total=70.55e9)
    for field in ("layers", "layers_with_kv", "kv_heads", "attention_heads", "head_dim", "hidden"):
        assert getattr(read, field) == getattr(known, field)
    assert not read.is_mixture


def test_a_config_without_kv_heads_has_one_for_each_attention_head():
    config = {name: value for name, value in LLAMA.items() if name != "num_key_value_heads"}
    assert model_from_config(config, name="mine", params_total=70e9).kv_heads == 64


@pytest.mark.parametrize("name", ["num_local_experts", "num_experts", "n_routed_experts"])
def test_a_mixture_is_read_from_any_spelling(name):
    config = LLAMA | {name: 128, "num_experts_per_tok": 8}
    read = model_from_config(config, name="mine", params_total=235e9, params_active=22e9)
    assert (read.experts, read.experts_active, read.is_mixture) == (128, 8, True)
    with pytest.raises(ValueError, match="params_active"):
        model_from_config(config, name="mine", params_total=235e9)


def test_latent_attention_is_read():
    config = LLAMA | {"kv_lora_rank": 512, "qk_rope_head_dim": 64}
    read = model_from_config(config, name="mine", params_total=70e9)
    assert (read.mla_latent_rank, read.mla_rope_dim) == (512, 64)
    with pytest.raises(ValueError, match="qk_rope_head_dim: missing"):
        model_from_config(LLAMA | {"kv_lora_rank": 512}, name="mine", params_total=70e9)


def test_layers_without_a_growing_cache_are_left_out():
    config = LLAMA | {"layer_types": ["linear_attention"] * 60 + ["full_attention"] * 20}
    assert model_from_config(config, name="mine", params_total=70e9).layers_with_kv == 20
    config = LLAMA | {"attn_type_list": ([0] * 7 + [1]) * 10}
    assert model_from_config(config, name="mine", params_total=70e9).layers_with_kv == 10
    config = LLAMA | {"full_attention_interval": 4}
    assert model_from_config(config, name="mine", params_total=70e9).layers_with_kv == 20


def test_the_language_part_of_a_model_that_sees_is_read():
    config = {"model_type": "llama4", "text_config": LLAMA, "vision_config": {"hidden_size": 1}}
    read = model_from_config(config, name="mine", params_total=70e9)
    assert (read.hidden, read.family) == (8192, "llama4")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"num_hidden_layers": None}, "num_hidden_layers: missing"),
        ({"num_hidden_layers": "80"}, "num_hidden_layers: must be a whole number"),
        ({"num_hidden_layers": True}, "num_hidden_layers: must be a whole number"),
        ({"num_attention_heads": 0}, "num_attention_heads: must be above 0"),
        ({"num_key_value_heads": 0}, "num_key_value_heads: must be above 0"),
        ({"hidden_size": -1}, "hidden_size: must be a whole number"),
        ({"text_config": 3}, "text_config: must be an object"),
    ],
)
def test_a_faulty_config_is_refused_by_the_name_of_the_setting(change, says):
    with pytest.raises(ValueError, match=says):
        model_from_config(LLAMA | change, name="mine", params_total=70e9)


@pytest.mark.parametrize("params", [0, -1, math.nan, math.inf])
def test_a_faulty_count_of_parameters_is_refused(params):
    with pytest.raises(ValueError, match="params_total"):
        model_from_config(LLAMA, name="mine", params_total=params)
