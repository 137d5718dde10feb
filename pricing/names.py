"""Which model does a seller's own name mean?

Sellers write one model in many ways. The normalised name finds them together; it is never the
identity of what is sold, since a seller's variants ("turbo", "fp8") have prices of their own.
"""

import re
from functools import lru_cache
from typing import NamedTuple

QUANTIZATIONS = (
    "nvfp4", "mxfp4", "fp4", "fp8", "fp16", "bf16", "int8", "int4", "awq", "gptq",
)  # fmt: skip
_QUANTIZATION = re.compile(rf"[-_.:]({'|'.join(QUANTIZATIONS)})(?![a-z0-9])")
# Tunings and speeds that people leave out when they name a model.
_TAILS = re.compile(
    r"-(instruct-turbo|instruct|versatile|it|hf|maas|latest|preview|reference|4096|8192|32768)(?=-|$)"
    r"|(?<=8b)-instant$"
)
_REGION = re.compile(r"^(us|eu|apac|au|jp|ca|uk|global|us-gov|regional)\.(?=[a-z0-9-]+\.)")
_VENDOR = re.compile(
    r"^(meta|anthropic|mistral|amazon|cohere|ai21|qwen|openai|google|writer|nvidia|zai"
    r"|minimax|moonshotai|moonshot|twelvelabs|databricks|azure)[.](?=[a-z])|^(databricks|meta|nvidia)-(?=[a-z])"
)
# Four digits alone ("-0324") are left: makers of open models name new weights so.
_DATE = re.compile(r"[-@](20\d{2}-?[01]\d-?[0-3]\d|[01]\d-20\d{2})(?=-|$|:)")
_VERSION_TAG = re.compile(r"(-v\d+:\d+|:\d+k?|@\d+|@default|:[a-z]+)$")
# "3-5", "3_5" and "3p5" mean 3.5, but the 3 and 8 of "3-8b" are two numbers.
_POINT = re.compile(r"(?<![\d.])(\d)[-_p](\d)(?![\dbmkxe.])")


class Name(NamedTuple):
    """A normalised model name and what the seller's name says beside it."""

    model: str
    quantization: str
    region: str
    is_alias: bool


@lru_cache(maxsize=20_000)
def read(source_name: str) -> Name:
    """Return what a seller's own model name means.

    >>> read("meta-llama/Llama-3.3-70B-Instruct-Turbo").model
    'llama-3.3-70b'
    >>> read("accounts/fireworks/models/llama-v3p3-70b-instruct").model
    'llama-3.3-70b'
    >>> read("us.meta.llama3-3-70b-instruct-v1:0")
    Name(model='llama-3.3-70b', quantization='', region='us', is_alias=False)
    >>> read("claude-sonnet-4-5-20250929").model, read("gpt-4o-2024-08-06").model
    ('claude-sonnet-4.5', 'gpt-4o')
    >>> read("Qwen3-235B-A22B-fp8-tput"), read("mistral-large-latest").is_alias
    (Name(model='qwen3-235b-a22b-tput', quantization='fp8', region='', is_alias=False), True)
    """
    region = _REGION.match(source_name.lower())
    name = source_name.lower()[region.end() :] if region else source_name.lower()
    name = name.rpartition("/")[2].lstrip("~@")
    quantization = _QUANTIZATION.search(name)
    alias = "latest" in name or source_name.startswith("~")
    return Name(
        model=_normalised(name),
        quantization=quantization.group(1) if quantization else "",
        region=region.group(1) if region else "",
        is_alias=alias,
    )


def _normalised(name: str) -> str:
    kept = _VENDOR.sub("", _QUANTIZATION.sub("", name))
    kept = _DATE.sub("", _VERSION_TAG.sub("", kept).replace("_", "-"))
    kept = kept.replace("deepseek.", "deepseek-")
    kept = re.sub(r"^llama-?v?(?=\d)", "llama-", kept)
    kept = _TAILS.sub("", _POINT.sub(r"\1.\2", kept))
    return kept.strip("-.:") or name
