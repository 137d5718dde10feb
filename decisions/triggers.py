"""What happened since the last signature that calls for another look, beside prices?

Each detector compares the signed record with today's question and returns a sentence with figures, or
"" when there is nothing. A crossing is `crossings`' own. The next signature ends them all.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from decisions import changes
from decisions.models import Decision, Flag, Snapshot
from decisions.rendering.labels import FIELDS
from decisions.words import quantity
from pricing import queries
from pricing.things import plain

VOLUME_MOVED = 0.25
TOKENS = ("input_tokens_per_month", "output_tokens_per_month")
PEOPLE = ("ops_fte", "setup_weeks", "setup_people")
# What an approver signs as to where data may be and who may run it.
RULES = ("privacy", "custom_model", "regions")
MOST_NAMED = 3
Kind = Flag.Kind
KINDS = (Kind.VOLUME, Kind.NEW_MODEL, Kind.STAFFING, Kind.COMPLIANCE)


@dataclass(frozen=True, kw_only=True)
class Since:
    """The signed record and the question of today."""

    decision: Decision
    signed: Snapshot
    was: Mapping[str, Any]
    now: Mapping[str, Any]
    at: datetime


def find(decision: Decision, question: Mapping[str, Any], *, at: datetime) -> dict[Kind, str]:
    """Return what each detector says, "" where it finds nothing; all empty before a signature."""
    signed = changes.last_signed(decision)
    if signed is None:
        return dict.fromkeys(KINDS, "")
    was = json.loads(signed.record_json)["question"]
    since = Since(decision=decision, signed=signed, was=was, now=question, at=at)
    return {
        Kind.VOLUME: volume(since),
        Kind.NEW_MODEL: new_model(since),
        Kind.STAFFING: staffing(since),
        Kind.COMPLIANCE: compliance(since),
    }


def volume(since: Since) -> str:
    """Say that the tokens a month moved by a quarter or more."""
    was, now = (tokens(each.get("workload", {})) for each in (since.was, since.now))
    if not was or abs(now / was - 1) < VOLUME_MOVED:
        return ""
    return (
        f"The volume is {now / was - 1:+.0%} against record {since.signed.record_id}: "
        f"{now / 1e6:,.0f} M tokens a month, {was / 1e6:,.0f} M when it was signed."
    )


def tokens(workload: Mapping[str, Any]) -> float:
    """Return input and output tokens a month together."""
    return float(sum(workload.get(name, 0) for name in TOKENS))


def staffing(since: Since) -> str:
    """Say whose work, or its price, is not as it was signed."""
    moved = list(_differences("", since.was.get("people", {}), since.now.get("people", {})))
    was, now = (_by_name(each) for each in (since.was, since.now))
    for name in was.keys() & now.keys():
        of_people = ({k: v for k, v in each[name].items() if k in PEOPLE} for each in (was, now))
        moved += _differences(f"{name}, ", *of_people)
    return f"Staffing changed since it was signed. {'; '.join(sorted(moved))}." if moved else ""


def _by_name(question: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {option["name"]: option for option in question.get("options", [])}


def compliance(since: Since) -> str:
    """Say which answer on privacy, regions or compliance changed, or that the typed day came."""
    moved = list(_differences("", _rules(since.was), _rules(since.now)))
    says = [f"Compliance changed since it was signed. {'; '.join(moved)}."] if moved else []
    day = since.decision.compliance_on
    if day is not None and since.signed.signed_at.date() < day <= since.at.date():
        because = since.decision.compliance_because.rstrip(".") or "a compliance date"
        says.append(f"{because} has applied since {day:%d %B %Y}.")
    return " ".join(says)


def _rules(question: Mapping[str, Any]) -> dict[str, Any]:
    asked = question.get("requirements", {})
    private = sorted(each["name"] for each in asked.get("traffic", []) if each.get("privacy"))
    answer = question.get("checklist", {}).get("compliance", {}).get("answer")
    found = {name: asked[name] for name in RULES if name in asked}
    return {**found, "private traffic": ", ".join(private), "compliance": answer}


def _differences(prefix: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[str]:
    for name in [*was, *(name for name in now if name not in was)]:
        old, new = was.get(name), now.get(name)
        if (old or new) and old != new:
            label = FIELDS.get(name, name.replace("_", " "))
            yield f"{prefix}{label}: {_in_words(old)}, now {_in_words(new)}"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return quantity(value)
    return str(value).replace("_", " ") if value else "nothing"


def watched(decision: Decision) -> list[str]:
    """Return the families of models that are watched: those named, else those of its own options."""
    if decision.watched_families:
        return list(decision.watched_families)
    offers = [
        offer_id for offer_id in decision.options.values_list("offer_id", flat=True) if offer_id
    ]
    return queries.families_of(offers)


def new_model(since: Since) -> str:
    """Say which models of a watched family are first seen after the signature, and their prices."""
    found = queries.new_models(
        watched(since.decision), since=since.signed.signed_at, team_id=since.decision.team_id
    )
    says = [
        f"{each.model} ({_priced(each)}), since {each.first_seen_at:%d %B %Y}" for each in found
    ]
    if not says:
        return ""
    more = f"; and {len(says) - MOST_NAMED} more" if len(says) > MOST_NAMED else ""
    return f"New in a watched family: {'; '.join(says[:MOST_NAMED])}{more}."


def _priced(each: queries.NewModel) -> str:
    prices = [each.offer.measures[m] for m in ("input", "output") if m in each.offer.measures]
    if not prices:
        return f"no price yet at {each.offer.host or each.offer.provider}"
    amounts = " + ".join(f"{plain(price.amount)}" for price in prices)
    where = each.offer.host or each.offer.provider
    return f"{amounts} {prices[0].currency} per M tokens in and out at {where}"
