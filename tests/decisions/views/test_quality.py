"""The quality page: bars per class, evaluations with evidence, drift, and who is unfit."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from decisions import drafts
from decisions.models import AuditEvent, Decision, QualityScore
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


def url(story, rest=""):
    return f"/decisions/{story.decision.pk}/quality/{rest}"


def version(story):
    return Decision.objects.get(pk=story.decision.pk).version


def add(client, story, **fields):
    data = {
        "version": version(story),
        "option_name": "Managed",
        "score": "91",
        "benchmark": "500 tickets",
        "measured_on": (timezone.localdate() - timedelta(days=30)).isoformat(),
        "evidence_url": "https://example.org/result",
    }
    return client.post(url(story), {**data, **fields})


def set_bar(story, least):
    drafts.set_workload(
        story.decision,
        fields={"requirements": {"least_quality": least}},
        by=story.manager,
        at=NOW,
        version=version(story),
    )


def test_a_score_with_its_evidence_makes_an_option_fit(client, story):
    set_bar(story, 0.9)
    assert "has no evaluation" in client.get(url(story)).content.decode()
    assert add(client, story).status_code == 302
    page = client.get(url(story))
    fit = {row["option"].name: row["because"] for row in page.context["rows"]}
    assert fit["Managed"] == []
    assert fit["Closed"]
    assert page.context["answered"].best["name"] == "Managed"
    assert page.context["chart"].bar_says == "bar 90%"


def test_a_score_below_the_bar_is_unfit_with_the_reason_where_options_are_compared(client, story):
    set_bar(story, 0.9)
    add(client, story, score="84")
    add(client, story, option_name="Closed", score="95")
    compared = client.get(f"/decisions/{story.decision.pk}/compare/").content.decode()
    assert "Managed reached 84.0%, and 90.0% is needed" in compared
    assert "Closed is best" in compared


def test_a_file_is_kept_with_its_digest_and_given_back_as_a_download(client, story):
    file = SimpleUploadedFile("rés ult.csv", b"task,score\n1,1\n")
    assert add(client, story, evidence_url="", file=file).status_code == 302
    score = QualityScore.objects.get()
    assert score.file_sha256 == hashlib.sha256(b"task,score\n1,1\n").hexdigest()
    answer = client.get(url(story, f"{score.pk}/file/"))
    assert answer.content == b"task,score\n1,1\n"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("score", {"score": "120"}),
        ("measured_on", {"measured_on": "2999-01-01"}),
        ("evidence_url", {"evidence_url": "javascript:alert(1)"}),
        ("evidence_url", {"evidence_url": ""}),
        ("file", {"file": SimpleUploadedFile("run.exe", b"MZ")}),
        ("option_name", {"option_name": "Nobody"}),
    ],
)
def test_a_bad_score_is_refused_beside_its_field(client, story, field, fields):
    page = add(client, story, **fields)
    assert page.status_code == 200
    assert page.context["score_form"].errors[field]
    assert page.context["score_form"]["benchmark"].value() == "500 tickets"
    assert not QualityScore.objects.exists()


def test_scores_follow_a_new_name_and_outlive_an_undone_deletion(client, story):
    add(client, story)
    option = story.option("Managed")
    drafts.change_option(
        option,
        name="Open",
        kind=option.kind,
        figures=option.figures,
        by=story.manager,
        at=NOW,
        version=version(story),
    )
    assert QualityScore.objects.get().option_name == "Open"


def test_a_score_is_removed_and_the_trail_keeps_it(client, story):
    add(client, story)
    score = QualityScore.objects.get()
    client.post(url(story, f"{score.pk}/remove/"), {"version": "1"})
    assert QualityScore.objects.exists()
    client.post(url(story, f"{score.pk}/remove/"), {"version": version(story)})
    assert not QualityScore.objects.exists()
    event = AuditEvent.objects.get(what="quality score removed")
    assert "500 tickets" in str(event.before)


def classes(client, story, *rows):
    data = {"version": version(story)}
    for row, (name, share, least) in enumerate(rows):
        data |= {f"name_{row}": name, f"share_{row}": share, f"least_{row}": least}
    return client.post(url(story, "classes/"), data)


def test_classes_of_requests_are_stored_with_their_bars(client, story):
    assert classes(client, story, ("bulk", "80", "85"), ("hard", "20", "95")).status_code == 302
    assert Decision.objects.get().workload.traffic == [
        {"name": "bulk", "share": 0.8, "least_quality": 0.85},
        {"name": "hard", "share": 0.2, "least_quality": 0.95},
    ]
    add(client, story, score="90")
    shown = client.get(url(story)).context["answered"].option("Managed")
    assert shown["unfit_because"] == ["hard: Managed reached 90.0%, and 95.0% is needed"]
    add(client, story, score="96", traffic_class="hard")
    shown = client.get(url(story)).context["answered"].option("Managed")
    assert shown["unfit_because"] == []


def test_shares_that_do_not_make_a_whole_are_refused(client, story):
    page = classes(client, story, ("bulk", "80", ""), ("hard", "10", ""))
    assert "sum to 90 %" in page.content.decode()
    assert Decision.objects.get().workload.traffic == []


def test_the_workload_page_keeps_the_classes(client, story):
    classes(client, story, ("bulk", "80", ""), ("hard", "20", ""))
    page = client.get(f"/decisions/{story.decision.pk}/workload/")
    form = page.context["form"]
    data = {n: form[n].value() for n in form.fields if form[n].value() not in (None, False)}
    client.post(f"/decisions/{story.decision.pk}/workload/", {**data, "regions": "3"})
    workload = Decision.objects.get().workload
    assert workload.requirements["regions"] == 3
    assert len(workload.traffic) == 2


def test_losses_of_number_formats_name_their_source(client, story):
    shown = client.get(url(story)).content.decode()
    assert "arXiv:2411.02355" in shown
    assert "1 to 3 %" in shown
