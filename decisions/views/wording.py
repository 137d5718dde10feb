"""How is a change of a figure told to a person who never saw the names of the evaluation?"""

from decimal import Decimal
from typing import Any

from decisions.changes import Change
from decisions.checklist import QUESTIONS
from decisions.rendering.labels import ANSWERS, FIELDS, UNITS
from decisions.templatetags.figures import number, percent

_QUESTIONS = {question.id: question.text for question in QUESTIONS}


def in_words(change: Change) -> dict[str, Any]:
    """Return the change in the words of the record, with values as people write them."""
    where, _, field = change.what.partition(": ")
    is_share = UNITS.get(field) == "%"
    if where == "answer":
        what = _QUESTIONS.get(field, field)
    else:
        what = ": ".join(filter(None, [where[:1].upper() + where[1:], FIELDS.get(field, field)]))
    return {
        "what": what,
        "old": _value(change.old, is_share=is_share),
        "new": _value(change.new, is_share=is_share),
        "effect": change.effect,
    }


def _value(value: Any, *, is_share: bool) -> str:
    """Write a value of the evaluation's input.

    >>> _value(0.3, is_share=True), _value(1_000_000, is_share=False), _value(None, is_share=False)
    ('30%', '1,000,000', 'not stated')
    >>> _value([{"option": "C", "share": 0.8}, {"option": "A", "share": 0.2}], is_share=False)
    '80% C, 20% A'
    """
    if value is None or value == "":
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return percent(value) if is_share else number(value)
    if isinstance(value, list):
        return ", ".join(_value(each, is_share=False) for each in value)
    if isinstance(value, dict):
        return _mapping(value)
    return ANSWERS.get(value, str(value))


def _mapping(value: dict[str, Any]) -> str:
    if "option" in value:
        option = value["option"]
        name = option.get("name", "a part of its own") if isinstance(option, dict) else option
        share = value.get("share", value.get("share_of_spend"))
        return f"{percent(share)} {name}" if share else str(name)
    return ", ".join(
        f"{key.replace('_', ' ')} {_value(v, is_share=False)}" for key, v in value.items()
    )
