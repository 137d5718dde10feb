"""What does a newcomer look at first?

Two teams out of the worked examples of the self-hosting article, and one that has not decided. Every change goes through the same actions as a person's would. `remove` takes all of it away again,
the demo's records included; only what the audit trail says about it stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from decisions import cadence, checklist, drafts, quarters, reviews
from decisions.models import (
    Decision,
    Membership,
    Option,
    Record,
    Review,
    Snapshot,
    Team,
    User,
)
from jobs.models import Job
from pricing import queries

PASSWORD = "try-breakeven"  # noqa: S105 - the demo's, printed at start and refused in production
MANAGER, APPROVER, AUDITOR = (f"{role}@demo.invalid" for role in ("manager", "approver", "auditor"))
ADMINISTRATOR = "administrator@demo.invalid"
EVIDENCE = "Demo answer, taken from the article's worked example."


@dataclass(frozen=True, kw_only=True)
class People:
    """The demo's accounts."""

    manager: User
    approver: User


def exists() -> bool:
    """Return whether the demo is there."""
    return Team.objects.filter(is_demo=True).exists()


def load(*, at: datetime) -> bool:
    """Make the demo, unless it or anyone's own data is there; return whether it was made."""
    if User.objects.exists() or Team.objects.exists():
        return False
    with transaction.atomic():
        people = _people()
        _success_story(people, at=at)
        _back_to_apis(people, at=at)
        _undecided(people, at=at)
    return True


def remove(*, by: str, at: datetime) -> dict[str, int]:
    """Take the demo away; return how many of each kind went."""
    from decisions import audit

    with transaction.atomic():
        teams = list(Team.objects.filter(is_demo=True).values_list("pk", flat=True))
        Job.objects.filter(payload__team_id__in=teams).delete()
        counts = {
            "records": Record.objects.filter(is_demo=True).delete()[0],
            "signed snapshots": Snapshot.objects.filter(is_demo=True).delete()[0],
        }
        counts["teams"] = len(teams)
        Team.objects.filter(is_demo=True).delete()
        counts["people"] = User.objects.filter(is_demo=True).count()
        User.objects.filter(is_demo=True).delete()
        audit.write("demo removed", by=by, at=at, subject="demo", after=counts)
    return counts


def _people() -> People:
    def person(email: str, name: str, **roles: bool) -> User:
        return User.objects.create_user(email, PASSWORD, name=name, is_demo=True, **roles)

    person(AUDITOR, "Demo Auditor", is_auditor=True)
    person(ADMINISTRATOR, "Demo Administrator", is_administrator=True)
    return People(
        manager=person(MANAGER, "Demo Manager"), approver=person(APPROVER, "Demo Approver")
    )


def _team(name: str, people: People, *, cost_per_fte_year: int) -> Team:
    team = Team.objects.create(
        name=name, is_demo=True, loaded_cost_per_fte_year=Decimal(cost_per_fte_year)
    )
    roles = {people.manager: Membership.Role.MANAGER, people.approver: Membership.Role.APPROVER}
    for user, role in roles.items():
        Membership.objects.create(team=team, user=user, role=role)
    return team


def _decision(
    team: Team,
    people: People,
    *,
    name: str,
    purpose: str,
    workload: Mapping[str, Any],
    at: datetime,
) -> Decision:
    decision = drafts.create(team, name=name, purpose=purpose, by=people.manager, at=at)
    drafts.set_workload(
        decision, fields=workload, by=people.manager, at=at, version=decision.version
    )
    return decision


def _option(
    decision: Decision,
    people: People,
    name: str,
    kind: str,
    *,
    at: datetime,
    offer_id: int | None = None,
    note: str = "",
    **figures: Any,
) -> Option:
    return drafts.add_option(
        decision,
        name=name,
        kind=kind,
        offer_id=offer_id,
        figures=figures,
        note=note,
        by=people.manager,
        at=at,
        version=decision.version,
    )


def _answer_all(decision: Decision, people: People, *, at: datetime, **other: str) -> None:
    for question in checklist.QUESTIONS:
        given = other.get(question.id, "free" if "free" in question.answers else "yes")
        drafts.answer(
            decision,
            question=question.id,
            answer=given,
            evidence=EVIDENCE,
            by=people.manager,
            at=at,
        )


def _success_story(people: People, *, at: datetime) -> None:
    """The article's first worked example: EUR 18,000 of closed API, 80 % of it moved."""
    before = _last_quarter(at)
    team = _team("Demo: SaaS features", people, cost_per_fte_year=120_000)
    decision = _decision(
        team,
        people,
        name="Classification and generation",
        purpose="80 % of the requests are classification and extraction, 20 % complex generation.",
        workload={
            "input_tokens_per_month": 2.4e9,
            "output_tokens_per_month": 0.72e9,
            "mean_input_tokens": 1000,
            "mean_output_tokens": 300,
            "peak_to_mean": 3.0,
            "requirements": {"frontier_quality": True},
            "source": "The article's EUR 18,000 a month, at its own prices and mix.",
        },
        at=before,
    )
    closed = _option(
        decision,
        people,
        "Closed API",
        "closed_api",
        at=before,
        input_per_mtok=3,
        output_per_mtok=15,
    )
    _option(
        decision,
        people,
        "Managed open model",
        "managed_open",
        at=before,
        input_per_mtok=0.5,
        output_per_mtok=0.8,
    )
    _option(
        decision,
        people,
        "3 reserved H100",
        "reserved_gpu",
        at=before,
        model="Llama-3.3-70B",
        quantization="fp8",
        gpu="H100",
        gpus=3,
        price_per_gpu_hour=2.0548,
        ops_fte=0.25,
        setup_cost=25_000,
        fallback={"option": "Closed API", "share": 0},
        note="The article's EUR 4,500 a month for 3 GPUs is EUR 2.05 per GPU and hour.",
    )
    hybrids = {"80 % self-hosted, 20 % closed": "3 reserved H100"}
    hybrids["80 % managed open, 20 % closed"] = "Managed open model"
    for name, bulk in hybrids.items():
        parts = [{"option": bulk, "share": 0.8}, {"option": closed.name, "share": 0.2}]
        _option(decision, people, name, "hybrid", at=before, parts=parts)
    _answer_all(decision, people, at=before)
    drafts.choose(
        decision,
        option=decision.options.get(name="80 % self-hosted, 20 % closed"),
        because="The plan of the article: the bulk on own GPUs, the hard cases on a closed API.",
        by=people.manager,
        at=before,
        version=decision.version,
    )
    _sign(decision, people, at=before)
    cadence.schedule_for(decision, now=at)
    drafts.set_workload(
        decision,
        fields={
            "input_tokens_per_month": 2.64e9,
            "output_tokens_per_month": 0.792e9,
            "source": "A tenth more than the article's, so that the next review has a change.",
        },
        by=people.manager,
        at=at,
        version=decision.version,
    )


def _sign(decision: Decision, people: People, *, at: datetime) -> None:
    review = Review.objects.get(decision=decision)
    reviews.open_review(review, by=people.manager, at=at)
    reviews.submit(review, note="As the article describes it.", by=people.manager, at=at)
    reviews.sign_off(review, note="", by=people.approver, at=at + timedelta(hours=2))


def _back_to_apis(people: People, *, at: datetime) -> None:
    """The article's second worked example: self-hosting that managed prices overtook."""
    team = _team("Demo: back to APIs", people, cost_per_fte_year=120_000)
    decision = _decision(
        team,
        people,
        name="Assistant on Llama 3",
        purpose="Self-hosted for 18 months while the price of managed open models halved.",
        workload={
            "input_tokens_per_month": 3.0e9,
            "output_tokens_per_month": 0.9e9,
            "source": "Set so that the article's bills fit; the article gives no tokens.",
        },
        at=at,
    )
    _option(
        decision,
        people,
        "Managed open model",
        "managed_open",
        at=at,
        monthly_cost=2500,
        note="The bill after the price fell by half.",
    )
    rented = _option(
        decision,
        people,
        "Rented GPUs",
        "rented_gpu",
        at=at,
        monthly_cost=3000,
        ops_fte=0.1667,
        fallback={"option": "Managed open model", "share": 0},
        note="EUR 20,000 of engineering a year is a sixth of a person.",
    )
    _answer_all(decision, people, at=at, expertise="no")
    drafts.choose(
        decision,
        option=rented,
        because="Chosen when the managed price was twice what it is now.",
        by=people.manager,
        at=at,
        version=decision.version,
    )


def _undecided(people: People, *, at: datetime) -> None:
    """A team with the article's scaled-up workload, priced from the price book."""
    team = _team("Demo: undecided", people, cost_per_fte_year=120_000)
    decision = _decision(
        team,
        people,
        name="Support answers",
        purpose="1 billion tokens in, 300 million out a month. Nothing is chosen yet.",
        workload={
            "input_tokens_per_month": 1e9,
            "output_tokens_per_month": 3e8,
            "mean_input_tokens": 1000,
            "mean_output_tokens": 300,
            "peak_to_mean": 3.0,
            "source": "The article's representative case, ten times its first size.",
        },
        at=at,
    )
    self_hosted: dict[str, Any] = {
        "model": "Llama-3.3-70B",
        "quantization": "fp8",
        "ops_fte": 0.25,
        "setup_weeks": 4,
        "setup_people": 1,
        "fallback": "Managed open model",
    }
    wanted: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("Closed API", "closed_api", {"kind": "token", "text": "claude sonnet 4.5 anthropic"}, {}),
        ("Managed open model", "managed_open", {"kind": "token", "text": "llama 3.3 together"}, {}),
        (
            "Rented H100",
            "rented_gpu",
            {"kind": "gpu", "text": "h100 sxm lambda", "mode": "on_demand"},
            self_hosted,
        ),
    ]
    for name, kind, description, figures in wanted:
        found = queries.find_offers(**description, limit=1)
        if found:
            _option(decision, people, name, kind, at=at, offer_id=found[0].offer_id, **figures)
    _option(
        decision,
        people,
        "Reserved H100",
        "reserved_gpu",
        at=at,
        note="The article's EUR 1.50: reserved prices are quoted, not listed. Ask for a quote.",
        gpu="H100",
        price_per_gpu_hour=1.5,
        **self_hosted,
    )


def _last_quarter(at: datetime) -> datetime:
    year, quarter = quarters.of(at.date())
    first_day = quarters.last_day(*((year, quarter - 1) if quarter > 1 else (year - 1, 4)))
    return at.replace(year=first_day.year, month=first_day.month, day=first_day.day, hour=9)
