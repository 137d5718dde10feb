"""Which number does a person mean who types "1.3B", "100 M", "1,000,000", "2,50" or "30 %"?

A text that could be two numbers a thousand times apart is refused with both, never guessed.
"""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

UNITS = {
    **dict.fromkeys(("k", "thousand"), 10**3),
    **dict.fromkeys(("m", "mio", "million", "millions"), 10**6),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 10**9),
    **dict.fromkeys(("t", "tn", "trillion", "trillions"), 10**12),
}
LEAST = Decimal("1e-12")
"""Anything closer to zero is a slip, and would be stored as zero."""
_TEXT = re.compile(r"([+-]?)([\d.,]+)((?:e[+-]?\d{1,4})?)([a-z]*)")
_GROUPS = {mark: re.compile(rf"\d{{1,3}}({re.escape(mark)}\d{{3}})+") for mark in ",."}
_BLANKS = re.compile(r"(?<=\d)[\s'_\u00a0\u202f](?=\d{3}(?!\d))")


def read(text: str, *, whole: bool = False) -> Decimal:
    """Return the number that the text stands for; ValueError says in words why it cannot be read.

    `whole` is for counts, where a lone "1,000" can only be a thousand.

    >>> [f"{read(text, whole=True):.0f}" for text in ("1.3B", "100 M", "1,000,000", "1e9", "1,000")]
    ['1300000000', '100000000', '1000000', '1000000000', '1000']
    >>> read("2,50")
    Decimal('2.50')
    >>> read("1,500M", whole=True)
    Traceback (most recent call last):
    ...
    ValueError: “1,500M” could mean 1.5M or 1500M. Write one of these.
    """
    plain = _BLANKS.sub("", text.strip()).replace(" ", "").replace("\u2212", "-").casefold()
    match = _TEXT.fullmatch(plain)
    if match is None or (match[4] and match[4] not in UNITS):
        raise ValueError(f"“{text}” is not a number.")
    sign, digits, exponent, unit = match.groups()
    value = Decimal(sign + _with_point(digits, text=text, unit=unit, whole=whole) + exponent)
    return value * UNITS.get(unit, 1)


def _with_point(digits: str, *, text: str, unit: str, whole: bool) -> str:
    """Return the digits without marks between thousands and with a point before decimals."""
    if "," in digits and "." in digits:
        thousands, point = (",", ".") if digits.rindex(".") > digits.rindex(",") else (".", ",")
        before, _, after = digits.rpartition(point)
        if _GROUPS[thousands].fullmatch(before) and after.isdigit():
            return f"{before.replace(thousands, '')}.{after}"
        raise ValueError(f"“{text}” is not a number.")
    mark = "," if "," in digits else "."
    if digits.count(mark) > 1:
        if _GROUPS[mark].fullmatch(digits):
            return digits.replace(mark, "")
        raise ValueError(f"“{text}” is not a number.")
    if digits in {",", "."}:
        raise ValueError(f"“{text}” is not a number.")
    return _with_one_mark(digits, mark=mark, unit=unit, whole=whole, text=text)


def _with_one_mark(digits: str, *, mark: str, unit: str, whole: bool, text: str) -> str:
    before, _, after = digits.partition(mark)
    looks_grouped = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    if not looks_grouped:
        return digits.replace(",", ".")
    if mark == "," and whole and not unit:
        return before + after
    if mark == "," or (whole and not unit):
        one = f"{Decimal(f'{before}.{after}').normalize():f}{unit.upper()}"
        other = f"{before}{after}{unit.upper()}"
        raise ValueError(f"“{text}” could mean {one} or {other}. Write one of these.")
    return digits


def write(value: float | Decimal) -> str:
    """Return the shortest text that reads back as this number, to start a form field with.

    >>> [write(number) for number in (1.3e9, 1_234_567.0, Decimal("2.500"), 0.1, 3)]
    ['1.3B', '1,234,567', '2.5', '0.1', '3']
    """
    number = Decimal(repr(value) if isinstance(value, float) else value)
    for letter, size in (("T", 10**12), ("B", 10**9), ("M", 10**6)):
        scaled = number / size
        if abs(scaled) >= 1 and scaled == round(scaled, 2):
            return f"{_short(scaled)}{letter}"
    return f"{number:,.0f}" if abs(number) >= 10**6 else _short(number)


def _short(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class NumberField(forms.Field):
    """A number as people write it; cleans to Decimal, or None when it may be left empty."""

    widget = forms.TextInput
    whole = False

    def __init__(
        self, *, least: str | None = "0", most: str = "1e15", above: bool = False, **rest: Any
    ) -> None:
        """Take the range: `least` (itself refused when `above`) and `most`."""
        self.least = None if least is None else Decimal(least)
        self.most, self.above = Decimal(most), above
        rest.setdefault(
            "widget", self.widget(attrs={"inputmode": "decimal", "autocomplete": "off"})
        )
        super().__init__(**rest)

    def to_python(self, value: Any) -> Decimal | None:
        """Return the number, or None for an empty text."""
        if value in self.empty_values or not str(value).strip():
            return None
        try:
            return read(str(value)[:60], whole=self.whole)
        except (ValueError, ArithmeticError) as error:
            says = str(error) if type(error) is ValueError else f"“{value}” is not a number."
            raise ValidationError(says) from error

    def validate(self, value: Any) -> None:
        """Refuse what is missing or out of range."""
        super().validate(value)
        if value is None:
            return
        if self.least is not None and (value < self.least or (self.above and value == self.least)):
            bound = "more than" if self.above else "at least"
            raise ValidationError(f"Must be {bound} {self.shown(self.least)}.")
        if 0 < abs(value) < LEAST:
            raise ValidationError("Is too close to 0 to be meant: write 0, or a larger number.")
        if value > self.most:
            raise ValidationError(f"Must be at most {self.shown(self.most)}.")

    def shown(self, bound: Decimal) -> str:
        """Return a bound as the message names it."""
        return f"{bound:,f}"

    def prepare_value(self, value: Any) -> Any:
        """Return the text to show: what was typed, or a stored number in its shortest form."""
        return value if value is None or isinstance(value, str) else write(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare numbers, not the ways to write them."""
        try:
            return self.to_python(data) != (None if initial is None else Decimal(str(initial)))
        except ValidationError:
            return True


class CountField(NumberField):
    """A whole count, which may be large: tokens, requests, GPUs. Cleans to Decimal."""

    whole = True

    def __init__(self, **rest: Any) -> None:
        """Leave the full keyboard to people who type "1.3B"."""
        rest.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
        super().__init__(**rest)


class PercentField(NumberField):
    """A share, typed in percent. Cleans to the share as Decimal (30 % is 0.3)."""

    def __init__(self, *, least: str | None = "0", most: str = "1", **rest: Any) -> None:
        """Take the range as shares."""
        super().__init__(least=least, most=most, **rest)

    def to_python(self, value: Any) -> Decimal | None:
        """Return the share; a number below one without its % sign could be either, so is refused."""
        text = str(value or "").strip()
        number = super().to_python(text.removesuffix("%").strip())
        if number is None:
            return None
        if 0 < abs(number) < 1 and not text.endswith("%"):
            as_share = _short(number * 100)
            raise ValidationError(
                f"“{text}” could mean {text} % or {as_share} %. Write the % sign."
            )
        return number / 100

    def shown(self, bound: Decimal) -> str:
        """Return a bound in percent."""
        return f"{_short(bound * 100)} %"

    def prepare_value(self, value: Any) -> Any:
        """Return the text to show; the sign keeps half a percent from being taken for a share."""
        if value is None or isinstance(value, str):
            return value
        percent = Decimal(str(value)) * 100
        return f"{_short(percent)} %" if 0 < abs(percent) < 1 else _short(percent)
