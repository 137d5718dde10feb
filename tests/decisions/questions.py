"""Small builders of inputs for the evaluation, and one call from an input to its JSON."""

import copy
import json
from typing import Any

from decisions.evaluation import as_json, evaluate, parse, read

MILLION = 1_000_000


def closed(name="A", **more):
    return {"name": name, "kind": "closed_api", "input_per_mtok": 3, "output_per_mtok": 15} | more


def managed(name="B", **more):
    prices = {"input_per_mtok": 0.5, "output_per_mtok": 0.8}
    return {"name": name, "kind": "managed_open", **prices} | more


def pair(name="C", price=2.5, **more):
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


def measured_pair(name="C", price=2.5, **more):
    """The same pair with a measured throughput, counted by the capacity model."""
    sized = {"gpus": None, "tensor_parallel": 2, "measured_output_tokens_per_s": 2151}
    return pair(name, price, **sized) | more


def bill(name, amount, kind="closed_api", **more):
    return {"name": name, "kind": kind, "monthly_cost": amount} | more


def hybrid(name, *parts, **more):
    shares = [{"option": option, "share": share} for option, share in parts]
    return {"name": name, "kind": "hybrid", "parts": shares} | more


def question(*options, millions_in=1000, millions_out=300, fte=120_000, workload=None, **more):
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


def evaluated(*options, draws=0, **more):
    """Return the Evaluation of a question, passed through JSON text as users pass it."""
    return evaluate(read(parse(json.dumps(question(*options, **more)))), draws=draws)


class Answer(dict[str, Any]):
    """The JSON of an evaluation, with its options by name."""

    def option(self, name):
        return next(each for each in self["options"] if each["name"] == name)

    def total(self, name):
        return self.option(name)["per_month"]["total"]

    def break_even(self, first, second):
        found = [each for each in self["break_evens"] if set(each["between"]) == {first, second}]
        assert len(found) == 1, found
        return found[0]["tokens_per_month"]

    def payback(self, old, new):
        return next(e for e in self["paybacks"] if (e["from"], e["to"]) == (old, new))

    def mistake(self, name):
        return next((each["says"] for each in self["mistakes"] if each["id"] == name), None)


def answer(*options, draws=0, **more):
    return Answer(as_json(evaluated(*options, draws=draws, **more)))


def example(**more):
    parts = hybrid("H", ("C", 0.8), ("A", 0.2))
    reserved = pair("D", 1.5, kind="reserved_gpu")
    return question(closed(), managed(), pair(), reserved, parts, chosen="C", **more)


def changed(path, value, raw=None):
    """Return the example with one value replaced, at a path such as options.2.gpus."""
    raw = copy.deepcopy(raw or example())
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = raw
    for step in parents:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    place[last] = value
    return raw


def said(detector, evaluation):
    """Return what a mistake detector says; fails where it finds nothing."""
    says = detector.find(evaluation)
    assert says is not None
    return says
