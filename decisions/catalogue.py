"""Which GPUs, models, number formats and servers do we know, and under which names?

The figures live in ``decisions/data/*.toml``, each beside its source. GB is 1e9 bytes throughout.
A name may be written as people write it: case, spaces and underscores do not matter, and a
Hugging Face owner ("meta-llama/") may stand before a model.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar


class UnknownName(ValueError):
    """A name that no catalogue holds, with the nearest names that it does hold."""

    def __init__(self, name: str, near: list[str], what: str = "name") -> None:
        """Keep the refused name and the near ones for whoever shows the message."""
        self.name = name
        self.near = near
        offer = f"; near names: {', '.join(near)}" if near else ""
        super().__init__(f"unknown {what} {name!r}{offer}")


@dataclass(frozen=True)
class Gpu:
    """One accelerator as its maker's data sheet states it; FLOP/s are dense (no sparsity).

    ``*_flops`` is None where the chip has no unit for that format: the weights are then unpacked
    and multiplied in bf16. ``link_bytes_per_s`` is one direction between two GPUs of a server.
    """

    name: str
    vram_gb: float
    bandwidth_bytes_per_s: float
    bf16_flops: float
    source: str
    fp8_flops: float | None = None
    int8_flops: float | None = None
    fp4_flops: float | None = None
    link_bytes_per_s: float | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """One language model's sizes, from its ``config.json`` and model card.

    ``layers_with_kv`` counts the layers whose cache grows with the context. ``kv_heads`` and
    ``head_dim`` describe that cache, unless ``mla_latent_rank`` is set: multi-head latent
    attention stores one latent vector of that rank and a rotary part of ``mla_rope_dim`` instead.
    ``experts`` is 0 for a dense model. ``sliding_layers`` of the layers with a cache look back over
    ``sliding_window`` tokens only.
    """

    name: str
    params_total: float
    params_active: float
    layers: int
    layers_with_kv: int
    kv_heads: int
    attention_heads: int
    head_dim: int
    hidden: int
    source: str
    experts: int = 0
    experts_active: int = 0
    mla_latent_rank: int | None = None
    mla_rope_dim: int | None = None
    sliding_layers: int = 0
    sliding_window: int | None = None
    weights_open: bool = True
    family: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def is_mixture(self) -> bool:
        """Whether a token passes through a few of many experts only."""
        return self.experts > 0

    @property
    def params_per_expert(self) -> float:
        """Parameters of one expert over all layers; 0 for a dense model.

        Follows from total = shared + experts × e and active = shared + experts_active × e.
        """
        if not self.is_mixture:
            return 0.0
        return (self.params_total - self.params_active) / (self.experts - self.experts_active)


@dataclass(frozen=True)
class Quantization:
    """A number format of the weights: bits per weight with its scales, and its arithmetic.

    ``quality_loss`` is in words what others found it costs against 16 bits, with their source.
    """

    name: str
    bits_per_weight: float
    arithmetic: str
    source: str
    quality_loss: str = ""
    quality_source: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    """An inference server: its own limit on running requests and which band its runs follow."""

    name: str
    max_running_requests: int
    calibrated: bool
    source: str
    aliases: tuple[str, ...] = ()


def gpu(name: str) -> Gpu:
    """Return the GPU of that name or alias.

    >>> gpu("h100").name
    'H100-SXM'
    """
    return _find(name, _gpus(), "GPU")


def model(name: str) -> Model:
    """Return the model of that name, alias or Hugging Face id.

    >>> model("meta-llama/Llama-3.3-70B-Instruct").kv_heads
    8
    >>> model("Llama 4 70B")
    Traceback (most recent call last):
    ...
    decisions.catalogue.UnknownName: unknown model 'Llama 4 70B'; near names: Llama-3.3-70B,
    Llama-4-Scout, Llama-4-Maverick
    """
    return _find(name, _models(), "model")


def holds_model(name: str) -> bool:
    """Return whether a model of that name or alias is in the catalogue.

    >>> holds_model("meta-llama/Llama-3.3-70B-Instruct"), holds_model("our-own-model")
    (True, False)
    """
    return plain(name) in _models()


def quantization(name: str) -> Quantization:
    """Return the number format of that name or alias.

    >>> quantization("AWQ").bits_per_weight
    4.15625
    """
    return _find(name, _quantizations(), "quantization")


def server(name: str) -> Server:
    """Return the inference server of that name or alias.

    >>> server("TRT-LLM").max_running_requests
    2048
    """
    return _find(name, _servers(), "server")


def gpus() -> list[Gpu]:
    """Return every GPU, in the order of the data file."""
    return list(dict.fromkeys(_gpus().values()))


def models() -> list[Model]:
    """Return every model, in the order of the data file."""
    return list(dict.fromkeys(_models().values()))


def quantizations() -> list[Quantization]:
    """Return every number format, in the order of the data file."""
    return list(dict.fromkeys(_quantizations().values()))


def servers() -> list[Server]:
    """Return every inference server, in the order of the data file."""
    return list(dict.fromkeys(_servers().values()))


def model_from_config(
    config: Mapping[str, Any],
    *,
    name: str,
    params_total: float,
    params_active: float | None = None,
    source: str = "config.json",
) -> Model:
    """Return the model that a Hugging Face ``config.json`` describes.

    A config does not hold the number of parameters, so the model card's count is asked for; a
    mixture of experts also needs the active ones. Settings of the language part of a model that
    also reads pictures (``text_config``) are found by themselves.

    Raises ValueError that names the missing or impossible setting.

    >>> llama = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}
    >>> model_from_config(llama, name="tiny", params_total=1e6).head_dim
    16
    """
    text = _language_part(config)
    experts, experts_active = _experts(text)
    layers, heads, hidden = _count(text, *_LAYERS), _count(text, *_HEADS), _count(text, *_HIDDEN)
    latent_rank, rope_dim = _latent(text)
    sliding_layers, sliding_window = _sliding(text, layers)
    return Model(
        name=name,
        params_total=_positive("params_total", params_total),
        params_active=_active(params_total, params_active, needed=experts > 0),
        layers=layers,
        layers_with_kv=_layers_with_kv(text, layers),
        kv_heads=_count(text, "num_key_value_heads", default=heads),
        attention_heads=heads,
        head_dim=_count(text, "head_dim", default=hidden // heads),
        hidden=hidden,
        source=source,
        experts=experts,
        experts_active=experts_active,
        mla_latent_rank=latent_rank,
        mla_rope_dim=rope_dim,
        sliding_layers=sliding_layers,
        sliding_window=sliding_window,
        family=str(config.get("model_type", "")),
    )


def config_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a config that ``model_from_config`` reads, and none of the others.

    >>> config_settings({"hidden_size": 64, "vocab_size": 9, "text_config": {"n_layer": 2, "x": 1}})
    {'text_config': {'n_layer': 2}, 'hidden_size': 64}
    """
    inner = config.get("text_config")
    kept = {"text_config": config_settings(inner)} if isinstance(inner, Mapping) else {}
    return kept | {name: config[name] for name in _READ if config.get(name) is not None}


def _language_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    text = config.get("text_config") or config
    if not isinstance(text, Mapping):
        raise ValueError("text_config: must be an object")
    return text


_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HEADS = ("num_attention_heads", "n_head")
_HIDDEN = ("hidden_size", "n_embd", "d_model")
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_ACTIVE = ("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_top_k")
_READ = (
    *_LAYERS,
    *_HEADS,
    *_HIDDEN,
    *_EXPERTS,
    *_EXPERTS_ACTIVE,
    "num_key_value_heads",
    "head_dim",
    "kv_lora_rank",
    "qk_rope_head_dim",
    "layer_types",
    "full_attention_interval",
    "sliding_window",
    "sliding_window_pattern",
    "use_sliding_window",
    "max_window_layers",
    "model_type",
)


def _count(text: Mapping[str, Any], *names: str, default: int | None = None) -> int:
    """Return the first of these settings that is there, as a whole number."""
    for name in names:
        value = text.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{name}: must be a whole number, got {value!r}")
        if value == 0 and default != 0:
            raise ValueError(f"{name}: must be above 0")
        return value
    if default is None:
        raise ValueError(f"{names[0]}: missing")
    return default


def _experts(text: Mapping[str, Any]) -> tuple[int, int]:
    """Return the experts and how many of them a token passes; 0 and 0 for a dense model."""
    experts = _count(text, *_EXPERTS, default=0)
    if experts < 2:
        return 0, 0
    active = _count(text, *_EXPERTS_ACTIVE)
    if active >= experts:
        raise ValueError(f"{_EXPERTS_ACTIVE[0]}: must be below {experts}, got {active}")
    return experts, active


def _layers_with_kv(text: Mapping[str, Any], layers: int) -> int:
    """Count the layers with full attention where the config tells the kinds of layers apart.

    Sliding-window layers count as full ones: they are bounded, but not small. Linear-attention
    layers keep a fixed state instead of a cache.
    """
    kinds = text.get("layer_types")
    if isinstance(kinds, list):
        return sum("linear" not in str(kind) for kind in kinds) or layers
    return layers // _count(text, "full_attention_interval", default=1) or layers


def _sliding(text: Mapping[str, Any], layers: int) -> tuple[int, int | None]:
    """Return the layers that look back over a window only, and the window; 0 and None for none.

    Which layers do is written as kinds of layers (gpt-oss), as "every n-th layer sees all"
    (Gemma 3), or not at all: then all do (Mistral 7B 0.1), unless ``use_sliding_window`` is off
    (Qwen).
    """
    window = _count(text, "sliding_window", default=0)
    if window == 0 or text.get("use_sliding_window") is False:
        return 0, None
    kinds = text.get("layer_types")
    if isinstance(kinds, list):
        sliding = sum("sliding" in str(kind) for kind in kinds)
    elif pattern := _count(text, "sliding_window_pattern", default=0):
        sliding = layers - layers // pattern
    else:
        sliding = max(0, layers - _count(text, "max_window_layers", default=0))
    return (sliding, window) if sliding else (0, None)


def _latent(text: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return rank and rotary part of latent attention; None and None for the usual kind."""
    rank = _count(text, "kv_lora_rank", default=0)
    return (rank, _count(text, "qk_rope_head_dim")) if rank else (None, None)


def _active(params_total: float, params_active: float | None, *, needed: bool) -> float:
    if needed and params_active is None:
        raise ValueError("params_active: a mixture of experts needs its active parameters")
    active = _positive("params_active", params_total if params_active is None else params_active)
    if active > params_total:
        raise ValueError("params_active: cannot exceed params_total")
    return active


def _positive(name: str, value: float) -> float:
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name}: must be a number above 0, got {value!r}")
    return float(value)


Entry = TypeVar("Entry", Gpu, Model, Quantization, Server)


def _read(kind: str, make: Callable[..., Entry]) -> dict[str, Entry]:
    """Return the entries of one data file under every normalised name and alias."""
    text = files("decisions").joinpath("data", f"{kind}s.toml").read_text(encoding="utf-8")
    found: dict[str, Entry] = {}
    for row in tomllib.loads(text)[kind]:
        entry: Entry = make(**{**row, "aliases": tuple(row.get("aliases", ()))})
        for name in (entry.name, *entry.aliases):
            if found.setdefault(plain(name), entry) is not entry:
                raise ValueError(f"{kind}s.toml: two entries are called {name!r}")
    return found


@lru_cache
def _gpus() -> dict[str, Gpu]:
    return _read("gpu", Gpu)


@lru_cache
def _models() -> dict[str, Model]:
    return _read("model", Model)


@lru_cache
def _quantizations() -> dict[str, Quantization]:
    return _read("quantization", Quantization)


@lru_cache
def _servers() -> dict[str, Server]:
    return _read("server", Server)


def plain(name: str) -> str:
    """Return a name without what people write differently: case, blanks, owner.

    >>> plain("Qwen/Qwen3_32B ")
    'qwen3-32b'
    """
    return re.sub(r"[\s_]+", "-", name.strip().casefold().rpartition("/")[2])


def _find(name: str, entries: Mapping[str, Entry], what: str) -> Entry:
    entry = entries.get(plain(name))
    if entry is None:
        raise UnknownName(name, _near(name, entries), what)
    return entry


def _near(name: str, entries: Mapping[str, Entry]) -> list[str]:
    """Return up to five names of entries that look like this one, the nearest first.

    Whole words in common count before letters: "Llama 4 70B" is near to the Llama 4 models and
    to the Llama of 70B alike.
    """
    wanted = plain(name)
    words = set(wanted.split("-"))
    scores: dict[str, tuple[int, float]] = {}
    for other, entry in entries.items():
        likeness = difflib.SequenceMatcher(None, wanted, other).ratio()
        score = (len(words & set(other.split("-"))), likeness)
        scores[entry.name] = max(score, scores.get(entry.name, (0, 0.0)))
    most_words = max(shared for shared, _ in scores.values())
    near = {n: s for n, s in scores.items() if s[0] == most_words and (most_words or s[1] > 0.5)}
    return sorted(near, key=lambda found: near[found], reverse=True)[:5]
