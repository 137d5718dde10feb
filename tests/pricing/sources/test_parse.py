"""What is no answer is refused with words that say why."""

import pytest

from pricing.sources import parse
from pricing.things import BadAnswer


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"{", "not valid JSON"),
        (b"<!doctype html><p>Bad gateway", "HTML"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "not valid JSON"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_broken_json_is_refused(body, says):
    with pytest.raises(BadAnswer, match=says):
        parse.strict_json(body)


def test_numbers_stay_as_they_are_written():
    assert parse.strict_json(b"[2.5e-06, 0.1]") == ["2.5e-06", "0.1"]


def test_a_header_without_the_needed_columns_is_refused():
    with pytest.raises(BadAnswer, match="lacks price"):
        list(parse.table(b"name,cost\na,1\n", columns={"name", "price"}))


def test_a_row_of_another_width_is_none():
    rows = list(parse.table(b"name,price\na,1\nb,2,3\nc\n", columns={"name"}))
    assert rows == [{"name": "a", "price": "1"}, None, None]


def test_more_than_one_percent_broken_rows_refuse_the_answer():
    parse.refuse_if_broken(rows=200, faults=["a", "b"])
    with pytest.raises(BadAnswer, match="3 of 200 rows are broken, the first: line 7"):
        parse.refuse_if_broken(rows=200, faults=["line 7", "b", "c"])
    with pytest.raises(BadAnswer, match="no rows"):
        parse.refuse_if_broken(rows=0, faults=[])
