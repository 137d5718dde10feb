"""Is this text one JSON object that means the same to every reader?"""

import json
from typing import Any, NoReturn

from decisions.evaluation.faults import BadInput, Fault

MOST_CHARACTERS = 2_000_000


def parse(text: str) -> dict[str, Any]:
    """Return the object that a JSON text holds.

    Raises BadInput for what is no JSON, for a field that stands twice (of which readers would
    take either), for NaN and Infinity, and for anything but an object.
    """
    if len(text) > MOST_CHARACTERS:
        raise _bad(f"the input has more than {MOST_CHARACTERS:,} characters")
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except BadInput:
        raise
    except RecursionError:
        raise _bad("the input is nested too deeply") from None
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno} column {fault.colno}"
        raise _bad(f"not valid JSON: {fault.msg} at {where}") from None
    except ValueError:
        raise _bad("not valid JSON: a number has too many digits") from None
    if not isinstance(found, dict):
        raise _bad("the input must be a JSON object")
    return found


def _bad(says: str) -> BadInput:
    return BadInput([Fault("", says)])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _bad(f"not valid JSON: the field {twice[:60]!a} stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _bad(f"not valid JSON: {name} is not a number")
