"""Records as sign-off freezes them, made from the evaluation's own answer to an example."""

import copy
from datetime import UTC, datetime
from typing import Any

from decisions import checklist, evaluation
from decisions import contents as frozen
from decisions.version import FORMULA_VERSION, PRODUCT_VERSION

SIGNED_AT = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC)
QUESTION: dict[str, Any] = {
    "currency": "EUR",
    "horizon_months": 36,
    "discount_rate_per_year": 0.10,
    "workload": {
        "input_tokens_per_month": 1_000_000_000,
        "output_tokens_per_month": 300_000_000,
        "cached_input_share": 0.0,
        "batch_share": 0.0,
        "mean_input_tokens": 1000,
        "mean_output_tokens": 300,
        "peak_to_mean": 3.0,
        "growth_per_month": 0.02,
        "availability": 0.995,
    },
    "people": {"loaded_cost_per_fte_year": 120000},
    "options": [
        {"name": "Flagship API", "kind": "closed_api", "input_per_mtok": 3, "output_per_mtok": 15},
        {
            "name": "Managed 70B",
            "kind": "managed_open",
            "input_per_mtok": 0.5,
            "output_per_mtok": 0.8,
        },
        {
            "name": "Rented H100s",
            "kind": "rented_gpu",
            "model": "Llama-3.3-70B",
            "quantization": "fp8",
            "gpu": "H100",
            "gpus": 2,
            "price_per_gpu_hour": 2.5,
            "ops_fte": 0.25,
            "setup_weeks": 3,
            "setup_people": 1,
            "fallback": {"option": "Flagship API", "share": 0.01},
        },
        {
            "name": "Reserved H100s",
            "kind": "reserved_gpu",
            "model": "Llama-3.3-70B",
            "quantization": "fp8",
            "gpu": "H100",
            "gpus": 2,
            "price_per_gpu_hour": 1.5,
            "ops_fte": 0.25,
            "setup_weeks": 3,
            "setup_people": 1,
        },
        {
            "name": "Hybrid",
            "kind": "hybrid",
            "parts": [
                {"option": "Managed 70B", "share": 0.8},
                {"option": "Flagship API", "share": 0.2},
            ],
        },
    ],
    "chosen": "Hybrid",
}


def evaluated(question: dict[str, Any], *, draws: int = 500) -> dict[str, Any]:
    return evaluation.as_json(evaluation.evaluate(evaluation.read(question), draws=draws))


def record(
    *, question: dict[str, Any] | None = None, demo: bool = False, **fields: Any
) -> dict[str, Any]:
    """Return a record in the form that `decisions.records` freezes; `fields` replace whole parts."""
    asked = copy.deepcopy(question or QUESTION)
    parts = {
        "$schema": "https://breakeven.example.com/schemas/record-1.json",
        "record": {
            "id": "BE-2026Q4-000042",
            "version": 1,
            "schema": 1,
            "verify_at": "https://breakeven.example.com/verify/BE-2026Q4-000042/",
            "title": "Support assistant, 2026 Q4",
            "product_version": PRODUCT_VERSION,
            "formula_version": FORMULA_VERSION,
            "generated_at": SIGNED_AT.isoformat(),
            "supersedes": "BE-2026Q3-000017",
            "demo": demo,
        },
        "team": {"id": 7, "name": "Customer care"},
        "population": {"decisions": 3, "signed_off": 2},
        "decision": {
            "id": 3,
            "name": "Support assistant",
            "purpose": "Answers customers' questions on orders and returns, around the clock.",
            "version": 9,
            "chosen": asked["chosen"],
            "chosen_because": "A fifth of the conversations needs the flagship model; the rest does "
            "as well on the open one, measured on 400 conversations in October.",
            "workload_source": "Gateway logs of October 2026, all tenants.",
        },
        "period": "2026 Q4",
        "review": {
            "due_on": "2026-12-31",
            "prepared_by": "Mara Lindqvist <mara@example.org>",
            "prepared_at": "2026-11-20T09:12:44+00:00",
            "prepared_signed_in": "password",
            "prepared_note": "Volumes are up by a fifth; nothing else moved.",
            "approved_by": "Tomás Okafor <tomas@example.org>",
            "approved_at": SIGNED_AT.isoformat(),
            "approved_signed_in": "password",
            "approved_note": "",
            "comments": [
                {
                    "by": "Tomás Okafor <tomas@example.org>",
                    "at": "2026-11-19T16:40:00+00:00",
                    "text": "Is the October volume typical?",
                }
            ],
        },
        "question": asked,
        "result": evaluated(asked),
        "prices": prices(asked),
        "price_sources": [{"source": "litellm", "revision": "sha256 0123456789abcdef"}],
        "exchange_rates": [{"from": "USD", "to": "EUR", "rate": "0.869565", "date": "2026-11-20"}],
        "checklist": answers(),
        "reading": "8 of 9",
        "changes": [
            {
                "what": "monthly cost of the chosen option",
                "old": 1761.5,
                "new": 2092.0,
                "effect_per_month": 330.5,
            },
            {
                "what": "workload: input_tokens_per_month",
                "old": 840000000,
                "new": 1000000000,
                "effect_per_month": 160.0,
            },
            {"what": "answer: steady", "old": "yes", "new": "no", "effect_per_month": None},
        ],
        "flags": [],
        "audit": {"position": 118, "sha256": "5f" * 32},
    }
    return {**parts, **fields}


def prices(question: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a price for each figure of an API or a rent; the first was seen in dollars."""
    fields = ("input_per_mtok", "output_per_mtok", "price_per_gpu_hour")
    found = [
        _price(option["name"], field, option[field], currency=question["currency"])
        for option in question["options"]
        for field in fields
        if field in option
    ]
    found[0] |= {"currency": "USD", "amount": "3.45", "rate": "0.869565", "rate_date": "2026-11-20"}
    return found


def _price(option: str, field: str, amount: float, *, currency: str) -> dict[str, Any]:
    return {
        "option": option,
        "field": field,
        "amount": str(amount),
        "currency": currency,
        "unit": "mtok",
        "origin": "stored",
        "source": "litellm",
        "source_url": "https://example.org/prices",
        "seen_at": "2026-11-20T03:00:00+00:00",
        "observation_id": 1,
        "amount_in_decision_currency": str(amount),
        "rate": None,
        "rate_date": "",
        "is_stale": False,
        "is_withdrawn": False,
    }


def answers() -> list[dict[str, Any]]:
    return [
        {
            "question": question.id,
            "text": question.text,
            "gate": question.is_gate,
            "answer": "free" if question.id == "compliance" else "yes",
            "evidence": f"Minutes of the platform meeting of 12 November, item {place}.",
            "suggested": "no" if question.id == "spend" else None,
        }
        for place, question in enumerate(checklist.QUESTIONS, start=1)
    ]


def as_text(contents: dict[str, Any]) -> str:
    """Return the canonical JSON text that a snapshot keeps."""
    return frozen.canonical(contents)
