"""From an uploaded file to the workload: columns, background reading, old beside new, no traces."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.utils import timezone

from decisions import standing, usage_files
from decisions.models import AuditEvent, UsageFile, Workload
from jobs import work
from jobs.models import Job
from tests.decisions import stories
from tests.decisions.usage.test_json_rows import ANTHROPIC_COSTS, LANGFUSE
from tests.decisions.usage.test_tally import LITELLM, OPENAI, hours


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "usage"


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


def upload(client, story, text, name="usage.csv"):
    body = text if isinstance(text, bytes) else text.encode()
    url = f"/decisions/{story.decision.pk}/usage/"
    return client.post(url, {"file": SimpleUploadedFile(name, body)})


def read(client, story, text, **mapping):
    page = upload(client, story, text)
    assert page.status_code == 302, page.context["form"].errors
    client.post(page.url, mapping or mapping_shown(client, page.url))
    with TestCase.captureOnCommitCallbacks(execute=True):
        work.perform(Job.objects.get(kind="read_usage").pk)
    return UsageFile.objects.get()


def mapping_shown(client, url):
    form = client.get(url).context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value()}


def apply(client, story, stored, **fields):
    story.decision.refresh_from_db()
    url = f"/decisions/{story.decision.pk}/usage/{stored.pk}/apply/"
    return client.post(url, {"version": story.decision.version, **fields})


PROFILE = hours(28 * 24, lambda h: 10_000_000 if h % 24 == 9 else 1_000_000)


def test_a_known_export_is_recognised_and_read(client, story, folder):
    stored = read(client, story, OPENAI)
    assert stored.layout == "openai-usage"
    assert stored.state == "read"
    assert stored.sha256 == hashlib.sha256(OPENAI.encode()).hexdigest()
    assert not list(folder.iterdir()), "the file is deleted once it was read"
    page = client.get(f"/decisions/{story.decision.pk}/usage/{stored.pk}/").content.decode()
    assert "OpenAI usage export" in page and stored.sha256 in page


def test_the_workload_is_filled_on_confirmation_only(client, story):
    before = Workload.objects.get().input_tokens_per_month
    stored = read(client, story, PROFILE, time="t", input="i", output="o", requests="*")
    assert Workload.objects.get().input_tokens_per_month == before
    apply(client, story, stored, take=["input_tokens_per_month"], peak="week")
    filled = Workload.objects.get()
    assert filled.input_tokens_per_month == stored.found["workload"]["input_tokens_per_month"]
    assert len(filled.hourly_tokens) == 168
    assert filled.mean_input_tokens == 1000, "what was not ticked stays"
    assert stored.sha256 in filled.source
    story.decision.refresh_from_db()
    result = standing.answer(story.decision).result
    assert result["workload"]["peak_to_mean"] == pytest.approx(10 / (33 / 24), abs=0.01)
    assert AuditEvent.objects.latest("position").what == "workload changed"
    mean, busiest = client.get(f"/decisions/{story.decision.pk}/workload/").context["rate"]
    assert busiest / mean == pytest.approx(10 / (33 / 24), abs=0.01)


def test_the_busiest_single_hour_can_be_taken_instead(client, story):
    stored = read(client, story, PROFILE, time="t", input="i", output="o")
    apply(client, story, stored, peak="hour")
    filled = Workload.objects.get()
    assert filled.hourly_tokens is None
    assert filled.peak_to_mean == pytest.approx(7.27, abs=0.01)


def test_a_profile_can_be_forgotten_on_the_workloads_page(client, story):
    stored = read(client, story, PROFILE, time="t", input="i", output="o")
    apply(client, story, stored, peak="week")
    url = f"/decisions/{story.decision.pk}/workload/"
    form = client.get(url).context["form"]
    fields = {name: form[name].value() or "" for name in form.fields if form[name].value()}
    client.post(url, fields)
    assert Workload.objects.get().hourly_tokens, "saving the page keeps it"
    story.decision.refresh_from_db()
    client.post(url, {**fields, "version": story.decision.version, "forget_profile": "on"})
    assert Workload.objects.get().hourly_tokens is None


def test_a_change_meanwhile_is_not_overwritten(client, story):
    stored = read(client, story, PROFILE, time="t", input="i", output="o")
    version = story.decision.version - 1
    apply(client, story, stored, take=["input_tokens_per_month"], version=version)
    assert Workload.objects.get().input_tokens_per_month == 1e9


def test_any_csv_is_mapped_with_a_preview_of_the_named_columns_alone(client, story):
    page = upload(client, story, "when,tokens in,made,prompt\n2026-11-03,1,2,SECRET\n")
    shown = client.get(page.url)
    assert "SECRET" not in shown.content.decode()
    assert shown.context["form"]["time"].value() == "when"
    fields = {"time": "when", "input": "tokens in", "output": "made"}
    preview = client.post(page.url, {**fields, "preview": "1"}).content.decode()
    assert "2026-11-03" in preview and "SECRET" not in preview
    assert UsageFile.objects.get().state == "mapping"


def test_json_goes_the_same_way(client, story, folder):
    page = upload(client, story, json.dumps(LANGFUSE), name="observations.json")
    shown = client.get(page.url)
    assert "Langfuse observations API" in shown.content.decode()
    assert "SECRET" not in shown.content.decode()
    client.post(page.url, mapping_shown(client, page.url))
    with TestCase.captureOnCommitCallbacks(execute=True):
        work.perform(Job.objects.get(kind="read_usage").pk)
    stored = UsageFile.objects.get()
    assert (stored.state, stored.found["months"][0]["input_tokens"]) == ("read", 2000)
    assert not list(folder.iterdir())


def test_cents_stay_cents_when_the_columns_are_confirmed(client, story):
    page = upload(client, story, json.dumps(ANTHROPIC_COSTS), name="costs.json")
    assert "amount is in cents" in client.get(page.url).content.decode()
    client.post(page.url, mapping_shown(client, page.url))
    with TestCase.captureOnCommitCallbacks(execute=True):
        work.perform(Job.objects.get(kind="read_usage").pk)
    assert UsageFile.objects.get().found["months"][0]["cost"] == pytest.approx(1.2345)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time": "when"}, "input"),
        ({"time": "when", "input": "in", "output": "in"}, "output"),
        ({"time": "nowhere", "input": "in"}, "time"),
        ({"time": "when", "cached": "in", "output": "out"}, "cached"),
    ],
)
def test_columns_that_make_no_sense_are_refused(client, story, fields, field):
    page = upload(client, story, "when,in,out\n2026-11-03,1,2\n")
    assert client.post(page.url, fields).context["form"].errors[field]


def test_a_bad_cell_is_named_and_the_file_is_gone(client, story, folder):
    text = "when,in,out\n2026-11-03,1,2\n2026-11-03,many,2\n"
    stored = read(client, story, text, time="when", input="in", output="out")
    assert stored.state == "failed"
    assert "row 3, column in: 'many' is not a number" in stored.problem
    assert not list(folder.iterdir())
    page = client.get(f"/decisions/{story.decision.pk}/usage/{stored.pk}/").content.decode()
    assert "row 3" in page


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00\x01", b"no table", b"{}"])
def test_what_is_no_table_is_refused_at_the_field(client, story, folder, body):
    page = upload(client, story, body)
    assert page.context["form"].errors["file"]
    assert not folder.exists() or not list(folder.iterdir())


def test_nothing_of_a_prompt_is_stored(client, story):
    stored = read(client, story, LITELLM)
    kept = str(UsageFile.objects.values()) + str(AuditEvent.objects.values())
    assert stored.state == "read" and "SECRET" not in kept
    assert "SECRET" not in str(Job.objects.values())


def test_too_large_a_file_is_refused_before_it_is_read(client, story, settings):
    settings.USAGE_UPLOAD_MOST_MB = 1
    page = upload(client, story, b"t,i\n" + b"1,2\n" * 600_000)
    assert "larger than 1 MB" in page.context["form"].errors["file"][0]
    assert not UsageFile.objects.exists()


def test_other_pages_take_small_files_only(client, story):
    file = SimpleUploadedFile("config.json", b" " * 7_000_000)
    page = client.post(f"/teams/{story.team.pk}/models/add/", {"config_file": file})
    assert "over 1 MB" in page.context["form"].errors["config_file"][0]


def test_a_killed_reader_starts_again(client, story):
    page = upload(client, story, OPENAI)
    client.post(page.url, mapping_shown(client, page.url))
    job = Job.objects.get(kind="read_usage")
    held = work.claim(job.pk, now=timezone.now())
    usage_files.read(held)  # its worker dies before the effect is written
    later = timezone.now() + timedelta(minutes=6)
    again = work.claim(job.pk, now=later)
    assert again is not None and work.finish(again, effect=usage_files.read(again))
    assert UsageFile.objects.get().state == "read"


def test_files_that_nobody_confirms_are_deleted(client, story, folder):
    upload(client, story, OPENAI)
    assert usage_files.forget_unread(now=timezone.now()) == 0
    (path,) = folder.iterdir()
    assert usage_files.forget_unread(now=timezone.now() + timedelta(days=2)) == 1
    assert not Path(path).exists()
    assert UsageFile.objects.get().state == "failed"


def test_a_file_is_deleted(client, story, folder):
    page = upload(client, story, OPENAI)
    client.post(f"{page.url}delete/")
    assert not UsageFile.objects.exists()


def test_progress_asks_until_it_was_read(client, story):
    page = upload(client, story, OPENAI)
    client.post(page.url, mapping_shown(client, page.url))
    assert "Waits for a worker" in client.get(f"{page.url}progress/").content.decode()
    work.perform(Job.objects.get(kind="read_usage").pk)
    assert client.get(f"{page.url}progress/").headers["HX-Refresh"] == "true"
