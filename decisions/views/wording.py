"""How is a change of a figure told to a person who never saw the names of the evaluation?"""

from decimal import Decimal
from typing import Any

from decisions.changes import Change
from decisions.checklist import QUESTIONS
from decisions.rendering.labels import ANSWERS, FIELDS, UNITS
from decisions.templatetags.figures import money, number, percent, tokens

_QUESTIONS = {question.id: question.text for question in QUESTIONS}


def in_words(change: Change, *, currency: str) -> dict[str, Any]:
    """Return the change in the words of the record, with values as people write them."""
    where, _, field = change.what.partition(": ")
    unit = _unit(where, field)
    if where == "answer":
        what = _QUESTIONS.get(field, field)
    else:
        what = ": ".join(filter(None, [where[:1].upper() + where[1:], FIELDS.get(field, field)]))
    return {
        "what": what,
        "old": _value(change.old, unit=unit, currency=currency),
        "new": _value(change.new, unit=unit, currency=currency),
        "effect": change.effect,
    }


def _unit(where: str, field: str) -> str:
    if where.startswith("monthly cost"):
        return "money"
    if field.endswith("tokens_per_month"):
        return "tokens"
    unit = UNITS.get(field, "")
    return "money" if unit.startswith("money") else unit


def _value(value: Any, *, unit: str = "", currency: str = "") -> str:
    """Write a value of the evaluation's input.

    >>> _value(0.3, unit="%"), _value(2.4e9, unit="tokens"), _value(2.5, unit="money", currency="EUR")
    ('30%', '2.4 B tokens', 'EUR 2.50')
    >>> _value([{"option": "C", "share": 0.8}, {"option": "A", "share": 0.2}])
    '80% C, 20% A'
    """
    if value is None or value == "":
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return _number(value, unit=unit, currency=currency)
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value)
    if isinstance(value, dict):
        return _mapping(value)
    return ANSWERS.get(value, str(value))


def _number(value: float | Decimal, *, unit: str, currency: str) -> str:
    if unit == "money":
        return money(value, currency)
    if unit == "%":
        return percent(value)
    return tokens(value) if unit == "tokens" else number(value)


def _mapping(value: dict[str, Any]) -> str:
    if "option" in value:
        option = value["option"]
        name = option.get("name", "a part of its own") if isinstance(option, dict) else option
        share = value.get("share", value.get("share_of_spend"))
        return f"{percent(share)} {name}" if share else str(name)
    return ", ".join(f"{key.replace('_', ' ')} {_value(v)}" for key, v in value.items())
