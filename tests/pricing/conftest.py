"""What the tests of the price book share."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pricing import families, pull
from pricing.report import Report

RECORDED = Path(__file__).parent.parent / "recorded"


def recorded(name: str) -> bytes:
    """Return a recorded answer."""
    return (RECORDED / name).read_bytes()


def day(text: str) -> datetime:
    """Return the start of a day in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def entries(**prices: float | None) -> dict[str, Any]:
    """Return LiteLLM entries of OpenAI models by name, with USD per million tokens of input."""
    return {
        name: {
            "litellm_provider": "openai",
            "mode": "chat",
            "input_cost_per_token": None if price is None else price / 1e6,
        }
        for name, price in prices.items()
    }


# Neighbours that stay as they are, so that a change of one is no shrinking provider.
NEIGHBOURS = entries(**{f"gpt-neighbour-{n}": 1.0 + n for n in range(9)})


@pytest.fixture
def book(db: None) -> None:
    """A database with the shipped model families."""
    families.load_shipped()


@pytest.fixture
def see(book: None) -> Callable[..., Report]:
    """Return a function that pulls LiteLLM entries as they were on a day."""

    def pull_entries(on: str, found: dict[str, Any], *, neighbours: bool = True) -> Report:
        answer = {**NEIGHBOURS, **found} if neighbours else found
        return pull.pull("litellm", at=day(on), body=json.dumps(answer).encode(), seen_at=day(on))

    return pull_entries
