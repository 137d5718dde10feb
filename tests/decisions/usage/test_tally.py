"""Files of usage: every known layout, what is wrong named by row and column, and no bombs."""

import gzip
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from decisions.usage import files, findings, layouts, tally
from decisions.usage.files import BadFile
from decisions.usage.layouts import EACH_ROW, Mapping

PLAIN = Mapping(time="t", input=("i",), output=("o",), requests=EACH_ROW)


def write(tmp_path, text, name="usage.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def found_in(path, mapping=None):
    columns, mark = files.header(path)
    mapping = mapping or layouts.recognised(columns).mapping
    return findings.find(tally.read(path, mapping, mark=mark))


OPENAI = """start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,\
api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,\
input_uncached_tokens
1759622400,1759708800,2025-10-05T00:00:00+00:00,,p,4,,,gpt-5,false,default,1000,200,400,600
1759708800,1759795200,2025-10-06T00:00:00+00:00,,p,1,,,gpt-5,true,default,1000,200,0,1000
"""
ANTHROPIC = """usage_date_utc,model_version,api_key,workspace,usage_type,context_window,\
usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,\
usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-03-21,claude,k,Default,standard,≤ 200k,1000,0,0,400,300,10,not_available,
2026-03-22,claude,k,Default,batch,≤ 200k,500,50,50,0,100,0,not_available,
"""
LITELLM = """request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,\
startTime,endTime,model,messages,response
a,acompletion,k,0.01,1200,1000,200,2026-11-03 09:15:00.123,2026-11-03 09:15:04,m,"SECRET
prompt","SECRET"
b,acompletion,k,0.02,1200,1000,200,2026-11-03 10:15:00,2026-11-03 10:15:04,m,x,y
"""
LANGFUSE = """id,startTime,model,inputUsage,outputUsage,totalCost,input,output
a,2026-11-03T09:15:00.123Z,m,2000,400,0.03,SECRET,SECRET
"""
HELICONE = """request_created_at,request_model,prompt_tokens,completion_tokens,request_body
2026-11-03T09:15:00.123Z,m,2000,400,SECRET
"""
FOCUS = """BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeDescription,SkuId,\
ConsumedQuantity,ConsumedUnit
1.50,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,GPT input tokens,a,2,1K Tokens
1.50,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,GPT cached input tokens,b,1,1K Tokens
3.00,USD,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z,GPT output tokens,c,400,Tokens
9.00,USD,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z,Storage,d,400,GB-Hours
"""


@pytest.mark.parametrize(
    ("text", "layout", "sums", "requests", "cost"),
    [
        (OPENAI, "openai-usage", (2000, 400, 400), 5, 0),
        (ANTHROPIC, "anthropic-usage", (2000, 400, 400), 0, 0),
        (LITELLM, "litellm", (2000, 0, 400), 2, 0.03),
        (LANGFUSE, "langfuse", (2000, 0, 400), 1, 0.03),
        (HELICONE, "helicone", (2000, 0, 400), 1, 0),
        (FOCUS, "focus", (3000, 1000, 400), 0, 15),
    ],
)
def test_known_exports_are_read(tmp_path, text, layout, sums, requests, cost):
    path = write(tmp_path, text)
    known = layouts.recognised(files.header(path)[0])
    assert known.name == layout
    month = found_in(path).months[0]
    assert (month.input_tokens, month.cached_input_tokens, month.output_tokens) == sums
    assert (month.requests, month.cost) == (requests, pytest.approx(cost))


def test_costs_alone_give_spend_and_fill_nothing(tmp_path):
    text = "start_time,amount_value,amount_currency,line_item\n1759622400,0.5,usd,\n1759708800,,,\n"
    found = found_in(write(tmp_path, text))
    assert found.months[0].cost == 0.5
    assert found.workload == {}


def test_batch_work_is_told_apart(tmp_path):
    assert found_in(write(tmp_path, OPENAI)).workload["batch_share"] == 0.5
    assert found_in(write(tmp_path, ANTHROPIC)).workload["batch_share"] == pytest.approx(0.2917)


def test_prompts_are_never_read(tmp_path):
    path = write(tmp_path, LITELLM)
    mapping = layouts.layout("litellm").mapping
    assert "messages" not in mapping.columns
    rows = tally.preview(path, mapping, mark=",")
    assert "SECRET" not in str(rows)
    assert rows[0]["prompt_tokens"] == "1000"
    assert "SECRET" not in str(found_in(path).as_json())


def hours(count, tokens, start=datetime(2026, 11, 2, tzinfo=UTC)):
    lines = [f"{start + timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ},{tokens(h)},0" for h in range(count)]
    return "t,i,o\n" + "\n".join(lines) + "\n"


def test_a_week_hour_by_hour(tmp_path):
    path = write(tmp_path, hours(28 * 24, lambda h: 10 if h % 24 == 9 else 1))
    found = found_in(path, PLAIN)
    assert len(found.week) == 168
    assert found.week[9] == 10 and found.week[10] == 1
    assert found.peak_to_mean == pytest.approx(10 / (33 / 24))


def test_a_profile_starts_on_monday_whatever_the_first_day(tmp_path):
    start = datetime(2026, 11, 4, 5, tzinfo=UTC)  # a Wednesday
    found = found_in(write(tmp_path, hours(21 * 24, lambda h: h % 168, start)), PLAIN)
    assert found.week[2 * 24 + 5] == 0 and found.week[2 * 24 + 6] == 1
    assert found.week[2 * 24 + 4] == 167


def test_months_and_trend(tmp_path):
    def day(month, tokens):
        last = 31 if month in (7, 8) else 30
        return [f"2026-{month:02}-{d:02},{tokens},{tokens}" for d in range(1, last + 1)]

    lines = [*day(7, 100), *day(8, 110), *day(9, 121), "2026-10-01,5,5"]
    found = found_in(write(tmp_path, "t,i,o\n" + "\n".join(lines) + "\n"), PLAIN)
    assert [month.is_complete for month in found.months] == [True, True, True, False]
    assert found.workload["input_tokens_per_month"] == 121 * 30
    assert found.workload["growth_per_month"] == pytest.approx(
        (121 * 30 / 3100) ** 0.5 - 1, abs=1e-4
    )
    assert found.week is None, "whole days say nothing of hours"


def test_ten_days_are_scaled_to_a_month(tmp_path):
    found = found_in(write(tmp_path, hours(240, lambda h: 2)), PLAIN)
    assert found.workload["input_tokens_per_month"] == 2 * 730


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "row 1"),
        ("t,i,o\n", "no row below"),
        ("words\nmore\n", "1 columns"),
        ("t,i,i\n1,2,3\n", "'i' stands twice"),
        (b"\xff\xfe\x00t,i", "UTF-8"),
        (b"t,\x00i,o\n1,2,3", "not a text file"),
        ("t,i,o\n2026-11-03,1,2\n2026-11-03,many,2\n", "row 3, column i: 'many' is not a number"),
        ("t,i,o\n2026-11-03,1,-2\n", "row 2, column o: '-2' is negative"),
        ("t,i,o\n2026-11-03,1,inf\n", "row 2, column o"),
        ("t,i,o\n03/11/2026,1,2\n", "row 2, column t: '03/11/2026' is no time"),
        ("t,i,o\n2026-11-03,1,2\n,1,2\n", "row 3, column t: an empty cell"),
        ("t,i,o\n2026-11-03,1,2,9,9\n2026-11-03,1,2,3,4,5\n", "row 2: more cells"),
        ("t,i,o\n1.5,1,2\n", "row 2, column t"),
        ("t,i,o\n2026-11-03,0,0\n", "neither"),
    ],
)
def test_a_bad_file_says_where(tmp_path, text, says):
    with pytest.raises(BadFile) as refusal:
        found_in(write(tmp_path, text), PLAIN)
    assert says in str(refusal.value) or "no row holds" in str(refusal.value)


def test_a_fault_beyond_the_first_chunk_is_named_by_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(tally, "MOST_ROWS_A_CHUNK", 200)
    text = hours(1000, lambda h: "x" if h == 700 else 1)
    with pytest.raises(BadFile, match="row 702, column i"):
        found_in(write(tmp_path, text), PLAIN)


def test_more_cached_than_input_is_refused(tmp_path):
    mapping = Mapping(time="t", input=("i",), cached=("c",), output=("o",))
    with pytest.raises(BadFile, match="row 2, column c"):
        found_in(write(tmp_path, "t,i,c,o\n2026-11-03,1,2,3\n"), mapping)


@pytest.mark.parametrize("pack", ["gz", "zip"])
def test_packed_files_are_read(tmp_path, pack):
    path = tmp_path / f"usage.{pack}"
    if pack == "gz":
        path.write_bytes(gzip.compress(OPENAI.encode()))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("usage.csv", OPENAI)
    assert found_in(path).months[0].input_tokens == 2000


@pytest.mark.parametrize("pack", ["gz", "zip"])
def test_bombs_are_refused(tmp_path, pack):
    body = b"t,i,o\n" + b"2026-11-03,1,2\n" * 3_000_000
    path = tmp_path / f"bomb.{pack}"
    if pack == "gz":
        path.write_bytes(gzip.compress(body))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("usage.csv", body)
    with pytest.raises(BadFile, match="grows more than"):
        found_in(path, PLAIN)


def test_an_archive_of_several_files_or_a_broken_one_is_refused(tmp_path):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", OPENAI)
        archive.writestr("b.csv", OPENAI)
    with pytest.raises(BadFile, match="holds 2 files"):
        files.header(path)
    with pytest.raises(BadFile, match="broken"):
        files.header(write(tmp_path, gzip.compress(OPENAI.encode())[:60], "cut.gz"))


def test_other_marks_and_a_byte_order_mark(tmp_path):
    text = b"\xef\xbb\xbft;i;o\n2026-11-03T09:00:00Z;1;2\n"
    assert found_in(write(tmp_path, text), PLAIN).months[0].output_tokens == 2
