"""How is one object of the input read, field by field?

``Fields`` reads from a mapping that anyone may have written. It never stops at the first fault:
it notes it, goes on with a harmless stand-in, and in the end nothing is built if there are notes.
Every default that steps in for an absent field is noted too.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from decisions.evaluation.faults import Fault

Choice = TypeVar("Choice", bound=str)

MOST_TEXT = 200
LEAST_NUMBER = Decimal("1e-12")
"""Anything closer to zero is a slip; it would also carry the arithmetic out of range."""


@dataclass
class Notes:
    """What was found while reading: faults, and the defaults that were used."""

    faults: list[Fault] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def fault(self, path: str, says: str) -> None:
        """Note what is wrong at a path."""
        self.faults.append(Fault(path, says))

    def assume(self, path: str, value: object) -> None:
        """Note a default that stepped in."""
        self.assumed.append(f"{path} = {shown(value)}")


def shown(value: object) -> str:
    """Return a value as JSON would write it, cut short.

    >>> shown(True), shown(None), shown(Decimal("3.0")), shown(float("nan")), shown("H1000")
    ('true', 'null', '3.0', 'NaN', '"H1000"')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float | Decimal) and not Decimal(value).is_finite():
        return "NaN" if Decimal(value).is_nan() else f"{'-' * (value < 0)}Infinity"
    if isinstance(value, str):
        return '"' + value[:60].encode("unicode_escape").decode() + '"'
    return "an object" if isinstance(value, Mapping) else str(value)[:60]


def near(name: str, known: Iterable[str]) -> str:
    """Return words that offer the known names that look like this one; empty when none does.

    >>> near("price_per_gpu_huor", ["price_per_gpu_hour", "gpus"])
    '; did you mean price_per_gpu_hour?'
    """
    close = difflib.get_close_matches(name[:MOST_TEXT], list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""


class Fields:
    """The fields of one object of the input, at a path."""

    def __init__(self, raw: Mapping[str, Any], *, path: str, notes: Notes) -> None:
        """Read from ``raw``, reporting to ``notes`` under ``path``."""
        self.raw = raw
        self.path = path
        self.notes = notes
        self._asked: set[str] = set()

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def fault(self, name: str, says: str) -> None:
        """Note what is wrong with a field."""
        self.notes.fault(self.at(name) if name else self.path, says)

    def has(self, name: str) -> bool:
        """Say whether a field is there and not null."""
        return self.raw.get(name) is not None

    def get(self, name: str) -> Any:
        """Return a field as it was given; None when absent."""
        self._asked.add(name)
        return self.raw.get(name)

    def ignore(self, *names: str) -> None:
        """Treat fields as known without reading them."""
        self._asked.update(names)

    def number(
        self,
        name: str,
        *,
        default: Decimal | None = None,
        least: Decimal = Decimal(0),
        most: Decimal = Decimal("1e12"),
        above: bool = False,
    ) -> Decimal:
        """Return a required number, or one with a default; ``above`` refuses ``least`` itself."""
        if not self.has(name):
            self.get(name)
            if default is None:
                self.fault(name, "missing")
                return max(least, Decimal(1))
            self.notes.assume(self.at(name), default)
            return default
        return self._number(name, least=least, most=most, above=above)

    def maybe(
        self,
        name: str,
        *,
        least: Decimal = Decimal(0),
        most: Decimal = Decimal("1e12"),
        above: bool = False,
    ) -> Decimal | None:
        """Return a number that need not be stated; None when it is not."""
        if not self.has(name):
            self.get(name)
            return None
        return self._number(name, least=least, most=most, above=above)

    def share(self, name: str, *, default: Decimal | None = None) -> Decimal:
        """Return a number between 0 and 1."""
        return self.number(name, default=default, most=Decimal(1))

    def whole(self, name: str, *, most: int, default: int | None = None) -> int | None:
        """Return a whole number of at least one; the default, which may be None, when absent."""
        if not self.has(name):
            self.get(name)
            if default is not None:
                self.notes.assume(self.at(name), default)
            return default
        value = self._number(name, least=Decimal(1), most=Decimal(most), above=False)
        if value != int(value):
            self.fault(name, f"must be a whole number, got {shown(self.raw[name])}")
        return int(value)

    def flag(self, name: str, *, default: bool = False, quiet: bool = False) -> bool:
        """Return true or false; ``quiet`` keeps a default out of what was assumed."""
        value = self.get(name)
        if value is None:
            if not quiet:
                self.notes.assume(self.at(name), default)
            return default
        if not isinstance(value, bool):
            self.fault(name, f"must be true or false, got {shown(value)}")
            return default
        return value

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Return a line of text; None when absent."""
        value = self.get(name)
        if value is None:
            if required:
                self.fault(name, "missing")
            return None
        if not isinstance(value, str):
            self.fault(name, f"must be text, got {shown(value)}")
        elif not value.strip() or not value.isprintable():
            self.fault(name, f"must be printable text on one line, got {shown(value)}")
        elif len(value) > MOST_TEXT:
            self.fault(name, f"must have at most {MOST_TEXT} characters, got {len(value)}")
        else:
            return value.strip()
        return None

    def prose(self, name: str, *, most: int) -> str:
        """Return a text of any number of lines; empty when absent."""
        value = self.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or not " ".join(value.split()).isprintable():
            self.fault(name, f"must be printable text, got {shown(value)}")
        elif len(value) > most:
            self.fault(name, f"must have at most {most} characters, got {len(value)}")
        else:
            return value.strip()
        return ""

    def choice(self, name: str, choices: Sequence[Choice]) -> Choice | None:
        """Return one of the choices; a required field."""
        value = self.text(name, required=True)
        if value is None:
            return None
        for each in choices:
            if value == each:
                return each
        self.fault(name, f"must be one of {', '.join(choices)}, got {shown(value)}")
        return None

    def day(self, name: str) -> date | None:
        """Return a date written as 2026-03-12; None when absent."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fault(name, f"must be a date such as 2026-03-12, got {shown(value)}")
            return None

    def group(self, name: str) -> "Fields":
        """Return the fields of an object inside this one; an empty one when absent."""
        value = self.get(name)
        if value is not None and not isinstance(value, Mapping):
            self.fault(name, f"must be an object, got {shown(value)}")
        known = value if isinstance(value, Mapping) else {}
        return Fields(known, path=self.at(name), notes=self.notes)

    def items(self, name: str, *, most: int) -> list[Any]:
        """Return a list that must have something in it, as it was given."""
        value = self.get(name)
        if not isinstance(value, list | tuple) or not value:
            got = "missing" if value is None else f"must be a list with at least one, got {value!r}"
            self.fault(name, got[:100])
            return []
        if len(value) > most:
            self.fault(name, f"must have at most {most} entries, got {len(value)}")
            return []
        return list(value)

    def close(self, what: str = "field") -> None:
        """Refuse every field that nobody asked for, offering the names that look like it."""
        for name in self.raw:
            if name not in self._asked:
                offer = near(str(name), sorted(self._asked))
                self.fault(shown(str(name))[1:-1], f"unknown {what}{offer}")

    def _number(self, name: str, *, least: Decimal, most: Decimal, above: bool) -> Decimal:
        value = self.get(name)
        fault = number_fault(value, least=least, most=most, above=above)
        if fault:
            self.fault(name, f"{fault}, got {shown(value)}")
            return max(least, Decimal(1))
        return Decimal(str(value))


def number_fault(value: object, *, least: Decimal, most: Decimal, above: bool) -> str:
    """Return what is wrong with a number, in words; empty when nothing is.

    >>> number_fault(-1, least=Decimal(0), most=Decimal(10), above=True)
    'must be positive'
    >>> number_fault(10, least=Decimal(0), most=Decimal(1), above=False)
    'must be between 0 and 1'
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "must be a number"
    if not Decimal(value).is_finite():
        return "must be a finite number"
    number = Decimal(value)
    if number < least or (above and number == least):
        return _too_small(least, most, above=above)
    if number > most:
        return f"must be between {least:f} and 1" if most == 1 else f"must be at most {most:,f}"
    if 0 < abs(number) < LEAST_NUMBER:
        return "is too close to zero"
    return ""


def _too_small(least: Decimal, most: Decimal, *, above: bool) -> str:
    if least == 0 and above:
        return "must be positive"
    if most == 1:
        return f"must be between {least:f} and 1"
    if least == 0:
        return "must not be negative"
    return f"must be {'above' if above else 'at least'} {least:,f}"
