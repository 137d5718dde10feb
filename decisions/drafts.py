"""How is a decision filled in and changed?

Every change names who and when, counts the decision's version up by one conditional UPDATE, leaves an
audit event, and brings the standing up to date, in one transaction. A change that was made on an older
version is refused: it would overwrite what another person wrote.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.forms.models import model_to_dict

from decisions import audit, cadence, flags, standing
from decisions.models import Answer, Decision, Option, Team, User, Workload


class Refused(Exception):
    """A change that cannot be stored: `field` names what is wrong and `says` why, for the form."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


class Stale(Exception):
    """Somebody changed the decision after this form was opened."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            f"Somebody else changed “{decision.name}” while you were typing. "
            "Your entries are kept below: compare them with what is stored now and save again."
        )


@contextmanager
def change(decision: Decision, *, at: datetime, version: int | None) -> Iterator[None]:
    """Hold the decision for one change made on `version`; raise `Stale` if it moved on.

    None accepts any version, for changes that replace nothing another person wrote.
    """
    with transaction.atomic():
        held = Decision.objects.filter(pk=decision.pk)
        if version is not None:
            held = held.filter(version=version)
        if not held.update(version=F("version") + 1):
            raise Stale(decision)
        yield
        decision.refresh_from_db()
        answered = standing.update(decision, at=at)
        flags.set_triggers(decision, answered.asked.raw, at=at)


def create(
    team: Team,
    *,
    name: str,
    by: User,
    at: datetime,
    currency: str = "",
    purpose: str = "",
    horizon_months: int = 36,
    discount_rate_per_year: Decimal = Decimal("0.10"),
) -> Decision:
    """Return a new decision of the team, with this quarter's review scheduled."""
    with transaction.atomic():
        if Decision.objects.filter(team=team, name=name).exists():
            raise Refused("name", f"{team} already has a decision of this name.")
        decision = Decision.objects.create(
            team=team,
            name=name,
            purpose=purpose,
            owner=by,
            currency=currency or team.currency,
            horizon_months=horizon_months,
            discount_rate_per_year=discount_rate_per_year,
        )
        leave_event("decision created", decision, by=by, at=at, after={"name": name})
        cadence.schedule_for(decision, now=at)
        standing.update(decision, at=at)
    return decision


def change_settings(
    decision: Decision, *, fields: Mapping[str, Any], by: User, at: datetime, version: int
) -> None:
    """Change name, purpose, currency, horizon or discount rate."""
    with change(decision, at=at, version=version):
        twin = Decision.objects.filter(team=decision.team, name=fields.get("name"))
        if twin.exclude(pk=decision.pk).exists():
            raise Refused("name", f"{decision.team} already has a decision of this name.")
        before = model_to_dict(decision, fields=list(fields))
        Decision.objects.filter(pk=decision.pk).update(**fields)
        leave_event("settings changed", decision, by=by, at=at, before=before, after=fields)


def set_workload(
    decision: Decision, *, fields: Mapping[str, Any], by: User, at: datetime, version: int
) -> Workload:
    """Store the workload, whole."""
    with change(decision, at=at, version=version):
        known = Workload.objects.filter(decision=decision).first()
        before = model_to_dict(known, fields=list(fields)) if known else None
        stored, _ = Workload.objects.update_or_create(decision=decision, defaults=dict(fields))
        decision.workload = stored
        cadence.look_at_workload(decision, at=at)
        leave_event("workload changed", decision, by=by, at=at, before=before, after=fields)
    return stored


def set_watch(
    decision: Decision, *, fields: Mapping[str, Any], by: User, at: datetime, version: int
) -> None:
    """Store which families of models are watched, and the day from which a rule applies."""
    with change(decision, at=at, version=version):
        before = model_to_dict(decision, fields=list(fields))
        Decision.objects.filter(pk=decision.pk).update(**fields)
        leave_event("watch changed", decision, by=by, at=at, before=before, after=fields)


def add_option(
    decision: Decision,
    *,
    name: str,
    kind: str,
    by: User,
    at: datetime,
    version: int,
    offer_id: int | None = None,
    figures: Mapping[str, Any] | None = None,
    note: str = "",
) -> Option:
    """Return a new option at the end of the list."""
    with change(decision, at=at, version=version):
        _refuse_second_name(decision, name=name)
        last = decision.options.aggregate(last=Max("position"))["last"] or 0
        option = Option.objects.create(
            decision=decision,
            position=last + 1,
            name=name,
            kind=kind,
            offer_id=offer_id,
            figures=dict(figures or {}),
            note=note,
        )
        leave_event("option added", decision, by=by, at=at, after=values_of(option))
    return option


def change_option(
    option: Option,
    *,
    name: str,
    kind: str,
    by: User,
    at: datetime,
    version: int,
    offer_id: int | None = None,
    figures: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    """Store an option's values, whole. Hybrids and fallbacks that name it follow a new name."""
    decision = option.decision
    with change(decision, at=at, version=version):
        _refuse_second_name(decision, name=name, but=option)
        before = values_of(option)
        fields = {"name": name, "kind": kind, "offer_id": offer_id, "note": note}
        Option.objects.filter(pk=option.pk).update(**fields, figures=dict(figures or {}))
        if name != before["name"]:
            _rename_in_others(decision, old=before["name"], new=name)
        option.refresh_from_db()
        _refuse_circle(decision, option)
        leave_event(
            "option changed", decision, by=by, at=at, before=before, after=values_of(option)
        )


def delete_option(option: Option, *, by: User, at: datetime, version: int) -> None:
    """Remove an option; refused while another option is made of it or falls back on it."""
    decision = option.decision
    with change(decision, at=at, version=version):
        users = [o.name for o in decision.options.exclude(pk=option.pk) if option.name in uses(o)]
        if users:
            raise Refused("name", f"{', '.join(users)} uses {option.name}: change that first.")
        leave_event("option deleted", decision, by=by, at=at, before=values_of(option))
        option.delete()


def restore_option(
    decision: Decision,
    *,
    values: Mapping[str, Any],
    chosen_because: str | None,
    by: User,
    at: datetime,
    version: int,
) -> Option:
    """Bring a deleted option back; as the chosen one, if it was that and nothing else is by now."""
    with transaction.atomic():
        option = add_option(decision, **values, by=by, at=at, version=version)
        if chosen_because is not None and decision.chosen_id is None:
            choose(
                decision,
                option=option,
                because=chosen_because,
                by=by,
                at=at,
                version=decision.version,
            )
    return option


def answer(
    decision: Decision,
    *,
    question: str,
    answer: str,
    evidence: str,
    by: User,
    at: datetime,
    version: int | None = None,
) -> Answer:
    """Store the team's answer to one question of the checklist."""
    with change(decision, at=at, version=version):
        known = Answer.objects.filter(decision=decision, question=question).first()
        before = model_to_dict(known, fields=["answer", "evidence"]) if known else None
        fields = {"answer": answer, "evidence": evidence}
        stored, _ = Answer.objects.update_or_create(
            decision=decision, question=question, defaults=fields
        )
        after = {"question": question, **fields}
        leave_event("checklist answered", decision, by=by, at=at, before=before, after=after)
    return stored


def choose(
    decision: Decision, *, option: Option, because: str, by: User, at: datetime, version: int
) -> None:
    """Make an option of the decision the chosen one, with the reason in the team's words."""
    with change(decision, at=at, version=version):
        if option.decision_id != decision.pk:
            raise Refused("option", "This option belongs to another decision.")
        if not because.strip():
            raise Refused("because", "Say why, so that the approver and later readers know.")
        before = {"option": decision.chosen and decision.chosen.name}
        Decision.objects.filter(pk=decision.pk).update(chosen=option, chosen_because=because)
        after = {"option": option.name, "because": because}
        leave_event("option chosen", decision, by=by, at=at, before=before, after=after)


def archive(decision: Decision, *, by: User, at: datetime, version: int) -> None:
    """Take the decision out of lists and reviews; its records stay."""
    with change(decision, at=at, version=version):
        Decision.objects.filter(pk=decision.pk).update(archived_at=at)
        leave_event("decision archived", decision, by=by, at=at)


def unarchive(decision: Decision, *, by: User, at: datetime, version: int) -> None:
    """Bring an archived decision back."""
    with change(decision, at=at, version=version):
        Decision.objects.filter(pk=decision.pk).update(archived_at=None)
        leave_event("decision brought back", decision, by=by, at=at)


def values_of(option: Option) -> dict[str, Any]:
    """Return what is needed to write this option down, or to bring it back after a deletion."""
    return model_to_dict(option, fields=["name", "kind", "offer_id", "figures", "note"])


def uses(option: Option) -> set[str]:
    """Return the names of other options that this one is made of or falls back on."""
    figures = option.figures
    parts = {p["option"] for p in figures.get("parts", []) if isinstance(p.get("option"), str)}
    return parts | {name for name in [_fallback_of(figures)] if name}


def _fallback_of(figures: Mapping[str, Any]) -> str | None:
    fallback = figures.get("fallback")
    return fallback.get("option") if isinstance(fallback, Mapping) else fallback


def _refuse_second_name(decision: Decision, *, name: str, but: Option | None = None) -> None:
    same = decision.options.filter(name=name)
    if but is not None:
        same = same.exclude(pk=but.pk)
    if same.exists():
        raise Refused("name", "Another option of this decision has this name.")


def _refuse_circle(decision: Decision, option: Option) -> None:
    used = {each.name: uses(each) for each in decision.options.all()}
    reached, ahead = set[str](), used[option.name]
    while ahead - reached:
        reached |= ahead
        ahead = {name for each in ahead for name in used.get(each, set())}
    if option.name in reached:
        raise Refused("parts", f"This goes round in a circle: it would be made of {option.name}.")


def _rename_in_others(decision: Decision, *, old: str, new: str) -> None:
    decision.quality_scores.filter(option_name=old).update(option_name=new)
    for other in decision.options.all():
        if old not in uses(other):
            continue
        figures = dict(other.figures)
        if "parts" in figures:
            figures["parts"] = [
                {**p, "option": new} if p.get("option") == old else p for p in figures["parts"]
            ]
        if _fallback_of(figures) == old:
            given = figures["fallback"]
            figures["fallback"] = {**given, "option": new} if isinstance(given, Mapping) else new
        Option.objects.filter(pk=other.pk).update(figures=figures)


def leave_event(
    what: str,
    decision: Decision,
    *,
    by: User,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Leave the audit event of a change, in the caller's transaction."""
    audit.write(
        what,
        by=by,
        at=at,
        subject=decision,
        team=decision.team.name,
        before=_plain(before),
        after=_plain(after),
    )


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {k: str(v) if isinstance(v, Decimal | date) else v for k, v in values.items()}
