"""Plain makers of stored things, for tests that need them and do not care about every value."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from decisions import drafts
from decisions.models import (
    Benchmark,
    Decision,
    Delegation,
    Flag,
    Membership,
    Option,
    OwnModel,
    Pack,
    QualityScore,
    Review,
    Snapshot,
    Team,
    UsageFile,
    User,
)
from jobs.models import Job
from pricing.models import Offer
from tests.decisions import record_examples

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ARTICLE_WORKLOAD = {
    "input_tokens_per_month": 1e9,
    "output_tokens_per_month": 3e8,
    "mean_input_tokens": 1000.0,
    "mean_output_tokens": 300.0,
}
_HARDWARE = {"model": "Llama-3.3-70B", "quantization": "fp8", "gpu": "H100", "gpus": 2}
ARTICLE_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "Closed": ("closed_api", {"input_per_mtok": 3, "output_per_mtok": 15}),
    "Managed": ("managed_open", {"input_per_mtok": 0.5, "output_per_mtok": 0.8}),
    "Rented": ("rented_gpu", {**_HARDWARE, "price_per_gpu_hour": 2.5, "ops_fte": 0.25}),
    "Reserved": ("reserved_gpu", {**_HARDWARE, "price_per_gpu_hour": 1.5, "setup_cost": 25_000}),
}
_numbers = count(1)


def make_user(email: str = "", *, password: str | None = None, **fields: Any) -> User:
    """Return a person; without a password, which takes long to hash, they are signed in by force."""
    number = next(_numbers)
    email = email or f"person{number}@example.org"
    fields.setdefault("name", email.split("@")[0].capitalize())
    return User.objects.create_user(email, password, **fields)


def make_team(name: str = "", **fields: Any) -> Team:
    fields.setdefault("loaded_cost_per_fte_year", Decimal(120_000))
    return Team.objects.create(name=name or f"Team {next(_numbers)}", **fields)


def make_member(team: Team, role: str = "manager", *, user: User | None = None) -> User:
    user = user or make_user()
    Membership.objects.create(team=team, user=user, role=role)
    return user


def make_decision(
    team: Team | None = None,
    *,
    by: User | None = None,
    name: str = "",
    chosen: str = "",
    options: dict[str, tuple[str, dict[str, Any]]] | None = None,
    at: datetime = NOW,
) -> Decision:
    """Return a decision with the article's workload and options, through the product's actions."""
    team = team or make_team()
    by = by or make_member(team)
    decision = drafts.create(team, name=name or f"Decision {next(_numbers)}", by=by, at=at)
    change: dict[str, Any] = {"by": by, "at": at}
    drafts.set_workload(decision, fields=ARTICLE_WORKLOAD, version=decision.version, **change)
    for option, (kind, figures) in (ARTICLE_OPTIONS if options is None else options).items():
        drafts.add_option(
            decision, name=option, kind=kind, figures=figures, version=decision.version, **change
        )
    if chosen:
        make_choice(decision, chosen, by=by, at=at)
    return decision


def make_choice(decision: Decision, option: str, *, by: User, at: datetime = NOW) -> Option:
    found = decision.options.get(name=option)
    drafts.choose(
        decision, option=found, because="It fits.", version=decision.version, by=by, at=at
    )
    return found


def make_review(decision: Decision, **fields: Any) -> Review:
    values = {"year": 2025, "quarter": 1, "due_on": date(2025, 3, 31), "created_at": NOW}
    return Review.objects.create(decision=decision, **{**values, **fields})


def make_delegation(team: Team, *, approver: User, delegate: User, **fields: Any) -> Delegation:
    days = {
        "from_on": NOW.date() - timedelta(days=400),
        "until_on": NOW.date() - timedelta(days=390),
    }
    return Delegation.objects.create(
        team=team, approver=approver, delegate=delegate, made_at=NOW, **{**days, **fields}
    )


def make_flag(decision: Decision, **fields: Any) -> Flag:
    values: dict[str, Any] = {"kind": "crossed", "says": "Managed is cheaper.", "opened_at": NOW}
    return Flag.objects.create(decision=decision, **{**values, **fields})


def make_score(decision: Decision, **fields: Any) -> QualityScore:
    values: dict[str, Any] = {
        "option_name": "Closed",
        "score": 0.9,
        "benchmark": "500 tickets",
        "measured_on": NOW.date(),
        "file_name": "result.csv",
        "file_sha256": hashlib.sha256(b"a,b").hexdigest(),
        "file": b"a,b",
        "by_name": "Ann",
        "created_at": NOW,
    }
    return QualityScore.objects.create(decision=decision, **{**values, **fields})


def make_snapshot(decision: Decision, **fields: Any) -> Snapshot:
    number = next(_numbers)
    record = record_examples.record()
    text = record_examples.as_text(record)
    values = {
        "review_id_text": f"r{number}",
        "record_id": f"BE-2026Q4-{number:06}",
        "team_id_text": str(decision.team_id),
        "decision_id_text": str(decision.pk),
        "team_name": decision.team.name,
        "decision_name": decision.name,
        "period": "2026 Q4",
        "prepared_by": "Ann <ann@example.org>",
        "approved_by": "Bob <bob@example.org>",
        "signed_at": NOW,
        "due_on": record["review"]["due_on"],
        "record_json": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return Snapshot.objects.create(**{**values, **fields})


def make_pack(team: Team, **fields: Any) -> Pack:
    values = {
        "asked_by_name": "Ann <ann@example.org>",
        "asked_at": NOW,
        "from_on": date(2026, 10, 1),
        "until_on": date(2026, 12, 31),
        "team_ids": [team.pk],
        "teams_say": team.name,
    }
    return Pack.objects.create(**{**values, **fields})


def make_job(**fields: Any) -> Job:
    values = {
        "key": f"job:{next(_numbers)}",
        "kind": "pull_prices",
        "title": "Pull prices",
        "due_at": NOW,
        "asked_at": NOW,
    }
    return Job.objects.create(**{**values, **fields})


def make_benchmark(team: Team, **fields: Any) -> Benchmark:
    values = {
        "kind": "vllm",
        "measured_on": date(2026, 11, 3),
        "gpu": "H100",
        "model": "Llama-3.3-70B",
        "quantization": "fp8",
        "server": "vllm",
        "tensor_parallel": 2,
        "input_tokens": 1000,
        "output_tokens": 300,
        "concurrency": 64,
        "output_tokens_per_s": 1500,
        "sha256": f"{next(_numbers):064}",
        "added_by_name": "Ann <ann@example.org>",
        "added_at": NOW,
    }
    return Benchmark.objects.create(team=team, **{**values, **fields})


def make_usage_file(decision: Decision, **fields: Any) -> UsageFile:
    values = {
        "state": "failed",
        "file_name": "usage.csv",
        "size_bytes": 100,
        "sha256": "0" * 64,
        "added_by_name": "Ann <ann@example.org>",
        "added_at": NOW,
    }
    return UsageFile.objects.create(decision=decision, **{**values, **fields})


TINY_CONFIG = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}


def make_own_model(team: Team, **fields: Any) -> OwnModel:
    values = {
        "name": f"own-{next(_numbers)}",
        "config": TINY_CONFIG,
        "params_total": 1e6,
        "sha256": "0" * 64,
        "added_by_name": "Ann <ann@example.org>",
        "added_at": NOW,
    }
    return OwnModel.objects.create(team=team, **{**values, **fields})


def make_offer(**fields: Any) -> Offer:
    number = next(_numbers)
    values = {
        "key": f"offer:{number}",
        "kind": "token",
        "provider": "maker",
        "host": "host",
        "model": f"model-{number}",
    }
    return Offer.objects.create(**{**values, **fields})
