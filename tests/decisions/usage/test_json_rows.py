"""Usage exports in JSON: every known one, row by row, with nothing of a prompt and no bombs."""

import gzip
import io
import json
from datetime import UTC, datetime

import pytest

from decisions import usage_files
from decisions.usage import findings, json_rows, layouts, tally
from decisions.usage.files import BadFile
from decisions.usage.layouts import EACH_ROW, Mapping

PLAIN = Mapping(time="t", input=("i",), output=("o",), requests=EACH_ROW)


def write(tmp_path, content, name="usage.json"):
    path = tmp_path / name
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def found_in(path, mapping=None):
    columns, mark = usage_files.columns_of(path)
    mapping = mapping or layouts.recognised(columns).mapping
    return findings.find(tally.read(path, mapping, mark=mark))


def bucket(start, *results):
    return {"object": "bucket", "start_time": start, "end_time": start + 86400, "results": results}


def completions(**more):
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": 1000,
        "output_tokens": 200,
        "input_cached_tokens": 200,
        "num_model_requests": 2,
        "project_id": None,
        "model": None,
        "batch": None,
        **more,
    }


def page(*buckets):
    return {"object": "page", "data": buckets, "has_more": False, "next_page": None}


OPENAI = page(
    bucket(1759622400, completions(), completions(batch=True)),
    bucket(1759708800),
)
OPENAI_COSTS = page(
    bucket(1759622400, {"amount": {"value": 0.5, "currency": "usd"}, "line_item": None}),
    bucket(1759708800, {"amount": {"value": 0.25, "currency": "usd"}, "line_item": None}),
)
ANTHROPIC = {
    "data": [
        {
            "starting_at": "2026-03-21T00:00:00Z",
            "ending_at": "2026-03-22T00:00:00Z",
            "results": [
                {
                    "uncached_input_tokens": 1000,
                    "cache_creation": {
                        "ephemeral_1h_input_tokens": 300,
                        "ephemeral_5m_input_tokens": 300,
                    },
                    "cache_read_input_tokens": 400,
                    "output_tokens": 400,
                    "server_tool_use": {"web_search_requests": 10},
                    "service_tier": "batch",
                }
            ],
        }
    ],
    "has_more": False,
}
ANTHROPIC_COSTS = {
    "data": [
        {
            "starting_at": "2026-03-21T00:00:00Z",
            "results": [{"currency": "USD", "amount": "123.45", "cost_type": "tokens"}],
        }
    ]
}
LITELLM = [
    {
        "request_id": name,
        "spend": 0.01,
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "startTime": "2026-11-03T09:15:00.123000+00:00",
        "messages": [{"role": "user", "content": "SECRET"}],
        "response": {"choices": [{"message": {"content": "SECRET"}}], "data": [{"x": "SECRET"}]},
        "metadata": {"user": "SECRET"},
    }
    for name in "ab"
]
LANGFUSE = {
    "data": [
        {
            "startTime": "2026-11-03T09:15:00.123Z",
            "usageDetails": {"input": 2000, "output": 400, "total": 2400},
            "calculatedTotalCost": 0.03,
            "input": {"role": "user", "content": "SECRET"},
            "output": "SECRET",
        }
    ],
    "meta": {"page": 1},
}
HELICONE = {
    "data": [
        {
            "request_created_at": "2026-11-03T09:15:00.123Z",
            "prompt_tokens": 2000,
            "completion_tokens": 400,
            "request_body": {"messages": ["SECRET"]},
        }
    ],
    "error": None,
}


@pytest.mark.parametrize(
    ("content", "layout", "sums", "requests", "cost"),
    [
        (OPENAI, "openai-usage", (2000, 400, 400), 4, 0),
        (OPENAI_COSTS, "openai-costs-api", (0, 0, 0), 0, 0.75),
        (ANTHROPIC, "anthropic-usage-api", (2000, 400, 400), 0, 0),
        (ANTHROPIC_COSTS, "anthropic-costs-api", (0, 0, 0), 0, 1.2345),
        (LITELLM, "litellm", (2000, 0, 400), 2, 0.02),
        (LANGFUSE, "langfuse-api", (2000, 0, 400), 1, 0.03),
        (HELICONE, "helicone", (2000, 0, 400), 1, 0),
    ],
)
def test_known_exports_are_read(tmp_path, content, layout, sums, requests, cost):
    path = write(tmp_path, content)
    columns, mark = usage_files.columns_of(path)
    assert mark == json_rows.MARK
    assert layouts.recognised(columns).name == layout
    month = found_in(path).months[0]
    assert (month.input_tokens, month.cached_input_tokens, month.output_tokens) == sums
    assert (month.requests, month.cost) == (requests, pytest.approx(cost))


def test_a_span_that_names_its_time_behind_its_results_is_read_the_same(tmp_path):
    behind = json.dumps(OPENAI, sort_keys=True)
    assert behind.index("results") < behind.index("start_time")
    assert found_in(write(tmp_path, behind)).months == found_in(write(tmp_path, OPENAI)).months


@pytest.mark.parametrize("gap", ["\n", "\n\n", " "])
def test_lines_of_json_and_pages_behind_each_other_are_read(tmp_path, gap):
    lines = gap.join(json.dumps(row) for row in LITELLM)
    assert found_in(write(tmp_path, lines, "usage.jsonl")).months[0].requests == 2
    pages = gap.join(json.dumps(each) for each in (OPENAI, OPENAI))
    assert found_in(write(tmp_path, pages)).months[0].input_tokens == 4000
    spans = gap.join(json.dumps(each) for each in OPENAI["data"])
    assert found_in(write(tmp_path, spans)).months[0].input_tokens == 2000


def test_a_packed_file_with_a_mark_in_front_is_read(tmp_path):
    packed = gzip.compress(b"\xef\xbb\xbf " + json.dumps(LITELLM).encode())
    assert found_in(write(tmp_path, packed, "usage.json.gz")).months[0].requests == 2


def test_batch_work_is_told_apart(tmp_path):
    assert found_in(write(tmp_path, OPENAI)).workload["batch_share"] == 0.5
    assert found_in(write(tmp_path, ANTHROPIC)).workload["batch_share"] == 1


def test_prompts_are_never_read(tmp_path):
    for content in (LITELLM, LANGFUSE, HELICONE):
        path = write(tmp_path, content)
        columns, mark = usage_files.columns_of(path)
        mapping = layouts.recognised(columns).mapping
        assert "SECRET" not in str(columns)
        assert "SECRET" not in str(tally.preview(path, mapping, mark=mark))
        assert "SECRET" not in str(found_in(path).as_json())
        with path.open("rb") as file:
            assert "SECRET" not in str(list(json_rows.rows(file, frozenset(mapping.columns))))


def test_the_preview_shows_whole_numbers_and_empty_cells(tmp_path):
    content = [{"t": 1759622400, "i": 1, "o": None}, {"t": 1759622400, "i": 2.5}]
    shown = tally.preview(write(tmp_path, content), PLAIN, mark=json_rows.MARK)
    assert shown == [
        {"t": "1759622400", "i": "1", "o": ""},
        {"t": "1759622400", "i": "2.5", "o": ""},
    ]


def test_any_list_is_read_by_the_fields_that_were_named(tmp_path):
    start = datetime(2026, 11, 2, tzinfo=UTC)
    content = [{"t": start.isoformat(), "i": 5, "o": 2}, {"t": "2026-11-03T00:00:00Z", "i": 7}]
    month = found_in(write(tmp_path, content), PLAIN).months[0]
    assert (month.input_tokens, month.output_tokens) == (12, 2)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"i": "many"}, "row 2, column i: 'many' is not a number"),
        ({"i": -1}, "row 2, column i: '-1.0' is negative"),
        ({"i": True}, "row 2, column i: 'true' is not a number"),
        ({"t": None}, "row 2, column t: an empty cell"),
        ({"t": "03/11/2026"}, "row 2, column t: '03/11/2026' is no time"),
        ({"i": 1e300}, "row 2, column i: '1e+300' is too large"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_field(tmp_path, cells, says):
    good = {"t": "2026-11-02T00:00:00Z", "i": 5, "o": 2}
    with pytest.raises(BadFile) as bad:
        found_in(write(tmp_path, [good, good | cells, good]), PLAIN)
    assert str(bad.value).startswith(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it is not valid JSON"),
        ('[{"t": 1}', "it is not valid JSON"),
        ('[{"t": NaN}]', "it is not valid JSON"),
        ('[{"t": Infinity}]', "it is not valid JSON"),
        ('{"t": 1}]', "it is not valid JSON"),
        (b'[{"t": "\xff\xfe"}]', "it is not valid JSON"),
        (f'[{{"t": {10**400}}}]', "it is not valid JSON"),
        ("[]", "it holds no list of rows"),
        ("{}", "it holds no list of rows"),
        ("[1, 2]", "it holds no list of rows"),
        ('{"data": []}', "it holds no list of rows"),
        ("[" * 5000, "it is nested more than 64 deep"),
        ('{"a":' * 5000, "it is nested more than 64 deep"),
        (json.dumps([{f"f{n}": 1 for n in range(1001)}]), "row 1: more than 1000 fields"),
    ],
)
def test_what_is_no_export_is_refused_in_words(tmp_path, text, says):
    with pytest.raises(BadFile) as bad:
        usage_files.columns_of(write(tmp_path, text))
    assert str(bad.value).startswith(says)


def test_a_fault_far_behind_is_found_when_the_file_is_read(tmp_path):
    good = json.dumps({"t": "2026-11-02T00:00:00Z", "i": 5, "o": 2})
    path = write(tmp_path, "\n".join([*[good] * 5000, '{"t": NaN}']), "usage.jsonl")
    assert usage_files.columns_of(path)[0] == ["t", "i", "o"]
    with pytest.raises(BadFile, match="not valid JSON"):
        found_in(path, PLAIN)


def test_a_refusal_quotes_nothing_of_the_file(tmp_path):
    with pytest.raises(BadFile) as bad:
        usage_files.columns_of(write(tmp_path, '[{"prompt": "SECRET" NaN}]'))
    assert "SECRET" not in str(bad.value)


class Endless(io.RawIOBase):
    """One text that does not end."""

    def __init__(self):
        self.read_bytes = 0

    def read(self, size=-1):
        block = b'["' if not self.read_bytes else b"x" * size
        self.read_bytes += len(block)
        return block


def test_a_value_without_end_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(json_rows, "MOST_WITHOUT_AN_EVENT", 1_000_000)
    endless = Endless()
    with pytest.raises(BadFile, match="longer than any"):
        list(json_rows.rows(endless, None))
    assert endless.read_bytes < 1_300_000


def test_progress_is_told_while_rows_come(tmp_path, monkeypatch):
    monkeypatch.setattr(tally, "JSON_ROWS_A_CHUNK", 1000)
    rows = [{"t": "2026-11-02T00:00:00Z", "i": 5, "o": 2, "messages": ["x" * 100]}] * 5000
    path = write(tmp_path, rows)
    told: list[int] = []
    tally.read(path, PLAIN, mark=json_rows.MARK, progress=told.append)
    assert len(told) == 5
    assert told == sorted(told) and 0 < told[0] < told[-1] <= path.stat().st_size
