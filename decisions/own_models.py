"""Which models does a team describe itself, and which options use them?"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from decisions import audit, catalogue, model_configs
from decisions.catalogue import Model
from decisions.evaluation import BadInput, parse
from decisions.models import Option, OwnModel, Team, User

MOST_BYTES = 1_000_000
MOST_SIZE = 1_000_000
"""No layer count, width or rank of a real model comes near; larger numbers are slips."""


class Refused(Exception):
    """A model that cannot be stored: `field` names what is wrong and `says` why, for the form."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


def read(text: str, *, name: str, params_total: float, params_active: float | None) -> Model:
    """Return the model that the text of a config.json describes; `Refused` names what is wrong."""
    try:
        config = parse(text)
        model = model_configs.model_from_config(
            config,
            name=name,
            params_total=params_total,
            params_active=params_active,
            source="config.json of the team",
        )
    except BadInput as bad:
        raise Refused("config", f"{bad.faults[0].says}.") from bad
    except (ValueError, ArithmeticError) as fault:
        field, _, says = str(fault).partition(": ")
        known = field if field in {"params_total", "params_active"} else "config"
        raise Refused(known, f"{says}." if known == field else f"{fault}.") from fault
    largest = max(model.layers, model.hidden, model.head_dim, model.attention_heads, model.experts)
    if largest > MOST_SIZE:
        raise Refused("config", f"Holds a size above {MOST_SIZE:,}, which no model has.")
    return model


def add(
    team: Team,
    *,
    name: str,
    text: str,
    params_total: float,
    params_active: float | None,
    by: User,
    at: datetime,
) -> OwnModel:
    """Store a model for the team. Its name must be free in the catalogue and in the team."""
    read(text, name=name, params_total=params_total, params_active=params_active)
    if catalogue.holds_model(name):
        raise Refused("name", "The catalogue holds a model of this name. Use it, or pick another.")
    if catalogue.plain(name) in of_team(team.pk):
        raise Refused("name", "The team has a model of this name. Remove it first.")
    with transaction.atomic():
        own = OwnModel.objects.create(
            team=team,
            name=name,
            config=model_configs.config_settings(parse(text)),
            params_total=params_total,
            params_active=params_active,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            added_by_name=by.get_full_name(),
            added_at=at,
        )
        after = {"name": name, "sha256": own.sha256, **as_fields(own)}
        audit.write("model added", by=by, at=at, subject=own, team=team.name, after=after)
    return own


def remove(own: OwnModel, *, by: User, at: datetime) -> None:
    """Forget a model; refused while an option uses it."""
    with transaction.atomic():
        users = [f"{o.name} of {o.decision.name}" for o in used_by(own)]
        if users:
            raise Refused("name", f"{', '.join(users)} uses it: change that first.")
        before = {"name": own.name, "sha256": own.sha256, **as_fields(own)}
        audit.write("model removed", by=by, at=at, subject=own, team=own.team.name, before=before)
        own.delete()


def used_by(own: OwnModel) -> list[Option]:
    """Return the team's options that name this model."""
    options = Option.objects.filter(decision__team=own.team_id).select_related("decision")
    wanted = catalogue.plain(own.name)
    return [option for option in options if wanted in _names([option.figures])]


def of_team(team_id: int) -> dict[str, OwnModel]:
    """Return the team's own models by their plain names."""
    return {catalogue.plain(own.name): own for own in OwnModel.objects.filter(team=team_id)}


def model_of(own: OwnModel) -> Model:
    """Return what a stored model describes."""
    return model_configs.model_from_config(
        own.config,
        name=own.name,
        params_total=own.params_total,
        params_active=own.params_active,
        source=f"config.json, SHA-256 {own.sha256}",
    )


def as_fields(own: OwnModel) -> dict[str, Any]:
    """Return the `model_config` of the evaluation contract."""
    fields: dict[str, Any] = {"config": own.config, "params_total": own.params_total}
    return fields if own.params_active is None else {**fields, "params_active": own.params_active}


def describe(entries: list[dict[str, Any]], *, team_id: int) -> list[dict[str, Any]]:
    """Return options in the evaluation's form, with the config beside each of the team's models.

    The database is asked only where an option names a model that the catalogue does not hold.
    """
    unknown = {name for name in _names(entries) if not catalogue.holds_model(name)}
    own = of_team(team_id) if unknown else {}
    return [_described(entry, own) for entry in entries] if unknown & own.keys() else entries


def _described(entry: dict[str, Any], own: dict[str, OwnModel]) -> dict[str, Any]:
    entry = dict(entry)
    found = own.get(catalogue.plain(str(entry.get("model") or "")))
    if found is not None and "model_config" not in entry:
        entry["model_config"] = as_fields(found)
    if isinstance(entry.get("parts"), list):
        entry["parts"] = [
            {**part, "option": _described(part["option"], own)}
            if isinstance(part.get("option"), dict)
            else part
            for part in entry["parts"]
        ]
    return entry


def _names(entries: Iterable[dict[str, Any]]) -> set[str]:
    """Return the plain names of the models that options and the parts inside them name."""
    names = set[str]()
    for entry in entries:
        names |= {catalogue.plain(entry["model"])} if entry.get("model") else set()
        parts = [p["option"] for p in entry.get("parts", []) if isinstance(p.get("option"), dict)]
        names |= _names(parts)
    return names
