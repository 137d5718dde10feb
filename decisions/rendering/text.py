"""How is any text made safe to print, without hiding what it holds?

People type anything: control characters, marks that turn the reading direction (and could make a
page say something else than it does), emoji that no font holds, fifty thousand characters. Nothing
is dropped unseen: what cannot be printed is spelled out, what is too long is cut and says so.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

REST = "… (the rest stands in record.json)"
MOST_LINES = 20
LONGEST_WORD = 40
"""Longer ones get places to break at: laying out a line looks for one at every single letter."""
MOST_MARKS = 4
"""Marks above and below one letter. No script needs more; floods of them paint over the page."""

# They only choose between a letter's pictures, or say where a word may be cut.
_INVISIBLE = {"\u00ad", *(chr(code) for code in range(0xFE00, 0xFE10))}
# Persian and Indic words are spelled with these two.
_JOINERS = {"\u200c", "\u200d"}
_FIRST_EMOJI = 0x1F000
_BREAK_HERE = "\u200b"


def printable(text: str, *, at_most: int, without: frozenset[int] = frozenset()) -> str:
    r"""Return the text as it can be printed; `without` are code points that no font here holds.

    >>> printable("Sign\u202e here 😀", at_most=100)
    'Sign[U+202E] here [grinning face]'
    >>> printable("tokens and more tokens", at_most=6)
    'tokens… (the rest stands in record.json)'
    """
    lines = text.replace("\r\n", "\n").split("\n")
    kept = "\n".join(lines[:MOST_LINES])
    is_cut = len(lines) > MOST_LINES or len(kept) > at_most
    # What is spelled out grows, so it is measured again.
    spelled, room = [], at_most
    for piece in _spell(kept[:at_most], without):
        room -= len(piece)
        if room < 0:
            is_cut = True
            break
        spelled.append(piece)
    text = re.sub(rf"\S{{{LONGEST_WORD}}}", rf"\g<0>{_BREAK_HERE}", "".join(spelled))
    return text + (REST if is_cut else "")


def _spell(text: str, without: frozenset[int]) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if character in _INVISIBLE:
            continue
        is_fine = _has_a_shape(character) and ord(character) not in without and marks <= MOST_MARKS
        yield character if is_fine else _in_words(character)


def _has_a_shape(character: str) -> bool:
    if character in "\n\t" or character in _JOINERS:
        return True
    # Control, format, surrogate, private use, unassigned; separators other than the space.
    category = unicodedata.category(character)
    return category[0] != "C" and category not in ("Zl", "Zp") and ord(character) < _FIRST_EMOJI


def _in_words(character: str) -> str:
    name = unicodedata.name(character, "") if ord(character) >= _FIRST_EMOJI else ""
    # Rare letters have names that say nothing; pictures have good ones.
    is_picture = bool(name) and unicodedata.category(character) in ("So", "Sk")
    return f"[{name.lower()}]" if is_picture else f"[U+{ord(character):04X}]"


LONG = {
    "approved_note",
    "chosen_because",
    "evidence",
    "is",
    "note",
    "prepared_note",
    "purpose",
    "reading",
    "says",
    "source",
    "text",
    "why",
    "workload_source",
}
"""Fields that hold sentences. Every other text is a name, and names are short."""

SHORT_AT_MOST = 160


def printable_record(
    value: Any, *, at_most: int, without: frozenset[int] = frozenset(), field: str = ""
) -> Any:
    """Return the record with every text in it printable, so that no page can forget one."""
    if isinstance(value, str):
        room = at_most if field in LONG else SHORT_AT_MOST
        return printable(value, at_most=min(room, at_most), without=without)
    if isinstance(value, dict):
        return {
            printable(key, at_most=SHORT_AT_MOST, without=without): printable_record(
                each, at_most=at_most, without=without, field=key
            )
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [
            printable_record(each, at_most=at_most, without=without, field=field) for each in value
        ]
    return value
