"""Which GPUs, models, number formats and servers do we know, and under which names?

The figures live in ``decisions/data/*.toml``, each beside its source. GB is 1e9 bytes throughout.
A name may be written as people write it: case, spaces and underscores do not matter, and a
Hugging Face owner ("meta-llama/") may stand before a model.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar


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
    ``unchecked`` names the figures that no stored source of the maker shows; empty when all do.
    """

    name: str
    architecture: str
    vram_gb: float
    bandwidth_bytes_per_s: float
    bf16_flops: float
    source: str
    unchecked: str = ""
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
    ``sliding_window`` tokens only. ``unchecked`` is as with a GPU.
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
    unchecked: str = ""
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
    """An inference server: its limit on running requests, which band its runs follow, what it runs.

    ``runs`` gives the number formats by the GPU's architecture; `decisions.support` reads it.
    ``tuned_gain`` is tokens/s of a tuned engine over the same one at its defaults, as
    ``tuned_gain_source`` saw it.
    """

    name: str
    max_running_requests: int
    calibrated: bool
    source: str
    support_source: str
    tuned_gain: float
    tuned_gain_source: str
    runs: Mapping[str, Sequence[str]] = field(hash=False)
    unchecked: str = ""
    aliases: tuple[str, ...] = ()


def gpu(name: str) -> Gpu:
    """Return the GPU of that name or alias.

    >>> gpu("h100").name
    'H100-SXM'
    """
    return _find(name, _gpus(), "GPU")


def model(name: str) -> Model:
    """Return the model of that name, alias or Hugging Face id.

    A quantized copy's name is its model's: what comes behind ("-AWQ", "-FP8-dynamic") is left off.

    >>> model("meta-llama/Llama-3.3-70B-Instruct").kv_heads
    8
    >>> model("Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4").name
    'Qwen2.5-72B'
    >>> model("Llama 4 70B")
    Traceback (most recent call last):
    ...
    decisions.catalogue.UnknownName: unknown model 'Llama 4 70B'; near names: Llama-3.3-70B,
    Llama-4-Scout, Llama-4-Maverick
    """
    known = _models().get(_without_format(name))
    return known if known is not None else _find(name, _models(), "model")


def holds_model(name: str) -> bool:
    """Return whether a model of that name or alias is in the catalogue.

    >>> holds_model("meta-llama/Llama-3.3-70B-Instruct"), holds_model("our-own-model")
    (True, False)
    """
    return _without_format(name) in _models()


def _without_format(name: str) -> str:
    """Return a model's plain name, less the number format behind it where it is not known with it."""
    whole = plain(name)
    found = whole
    while found not in _models() and (shorter := _FORMAT.sub("", found)) != found:
        found = shorter
    return found if found in _models() else whole


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


_FORMAT = re.compile(
    r"-(fp8|fp4|nvfp4|mxfp4|bf16|fp16|awq|gptq|gguf|int[48]|w4a16|w8a8|w8a16|dynamic|static|4bit|8bit|bnb)$"
    r"|[-.]quantized\.w\d+a\d+$"
)

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
