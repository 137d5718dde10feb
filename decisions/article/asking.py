"""Small builders of questions for the evaluation: the options that the article compares."""

import json
from typing import Any

from decisions.evaluation import Evaluation, as_json, evaluate, parse, read

MILLION = 1_000_000


Option = dict[str, Any]


def closed(name: str = "A", **more: Any) -> Option:
    """The closed API of the example, at 3 and 15 EUR per million tokens."""
    return {"name": name, "kind": "closed_api", "input_per_mtok": 3, "output_per_mtok": 15} | more


def managed(name: str = "B", **more: Any) -> Option:
    """The managed open model, at 0.50 and 0.80 EUR per million tokens."""
    prices = {"input_per_mtok": 0.5, "output_per_mtok": 0.8}
    return {"name": name, "kind": "managed_open", **prices} | more


def pair(name: str = "C", price: float = 2.5, **more: Any) -> Option:
    """Two H100 with a 70B at eight bits, rented at a price per GPU-hour."""
    model = {"model": "Llama-3.3-70B", "quantization": "fp8", "gpu": "H100"}
    return {
        "name": name,
        "kind": "rented_gpu",
        **model,
        "gpus": 2,
        "price_per_gpu_hour": price,
        "ops_fte": 0,
    } | more


def measured_pair(name: str = "C", price: float = 2.5, **more: Any) -> Option:
    """The same pair with a measured throughput, counted by the capacity model."""
    sized = {"gpus": None, "tensor_parallel": 2, "measured_output_tokens_per_s": 2151}
    return pair(name, price, **sized) | more


def bill(name: str, amount: float, kind: str = "closed_api", **more: Any) -> Option:
    """An option of which only its bill a month is known."""
    return {"name": name, "kind": kind, "monthly_cost": amount} | more


def hybrid(name: str, *parts: tuple[str, float], **more: Any) -> Option:
    """An option made of shares of others."""
    shares = [{"option": option, "share": share} for option, share in parts]
    return {"name": name, "kind": "hybrid", "parts": shares} | more


def question(
    *options: Option,
    millions_in: float = 1000,
    millions_out: float = 300,
    fte: float = 120_000,
    workload: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The question of the example: its tokens a month and its options, in EUR."""
    tokens = {
        "input_tokens_per_month": millions_in * MILLION,
        "output_tokens_per_month": millions_out * MILLION,
        "mean_input_tokens": 1000,
        "mean_output_tokens": 300,
        "peak_to_mean": 3.0,
    }
    return {
        "currency": "EUR",
        "horizon_months": 36,
        "discount_rate_per_year": 0.10,
        "workload": tokens | (workload or {}),
        "people": {"loaded_cost_per_fte_year": fte},
        "options": list(options),
    } | more


def evaluated(*options: Option, draws: int = 0, **more: Any) -> Evaluation:
    """Return the Evaluation of a question, passed through JSON text as users pass it."""
    return evaluate(read(parse(json.dumps(question(*options, **more)))), draws=draws)


class Answer(dict[str, Any]):
    """The JSON of an evaluation, with its options by name."""

    def option(self, name: str) -> dict[str, Any]:
        """The figures of an option."""
        return next(dict(each) for each in self["options"] if each["name"] == name)

    def total(self, name: str) -> float:
        """What an option costs a month."""
        return float(self.option(name)["per_month"]["total"])

    def break_even(self, first: str, second: str) -> float:
        """The tokens a month at which two options cost the same; fails unless there is one."""
        pairs = self["break_evens"]
        (found,) = (each for each in pairs if set(each["between"]) == {first, second})
        return float(found["tokens_per_month"])

    def payback(self, old: str, new: str) -> dict[str, Any]:
        """What moving from one option to another saves, and when it pays."""
        return next(dict(e) for e in self["paybacks"] if (e["from"], e["to"]) == (old, new))

    def mistake(self, name: str) -> str | None:
        """What a mistake that was found says, or None."""
        return next((str(each["says"]) for each in self["mistakes"] if each["id"] == name), None)


def answer(*options: Option, draws: int = 0, **more: Any) -> Answer:
    """Return the JSON of the evaluation of a question of these options."""
    return Answer(as_json(evaluated(*options, draws=draws, **more)))


def tuned_over_default() -> float:
    """How many times the tokens of a server at its defaults a tuned one makes."""
    found = answer(pair("tuned", tuned=True), pair("default", tuned=False))
    tuned, default = (
        float(found.option(name)["throughput"]["output_tokens_per_s"]["p50"])
        for name in ("tuned", "default")
    )
    return tuned / default
