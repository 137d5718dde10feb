"""Who may judge prices, and who may read and add a team's quotes?

The rules stand with all others in the module that PRICE_ACCESS names: the price book knows no teams.
"""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import Http404


def may_judge_prices(user: Any) -> bool:
    """Return whether the person accepts and rejects prices, and pulls them at will."""
    return bool(_rules().may_judge_prices(user))


def may_see_team(user: Any, team_id: int) -> bool:
    """Return whether the person may read the team's quotes."""
    return bool(_rules().may_see_team(user, team_id))


def require_judge(user: Any) -> None:
    """Answer 404 to everybody who does not judge prices."""
    if not may_judge_prices(user):
        raise Http404


def may_edit_team(user: Any, team_id: int) -> bool:
    """Return whether the person adds, changes and ends the team's quotes."""
    return bool(_rules().may_edit_team(user, team_id))


def teams(user: Any) -> list[tuple[int, str, str]]:
    """Return number, name and currency of the teams whose quotes the person may read."""
    return list(_rules().teams_of(user).order_by("name").values_list("pk", "name", "currency"))


def teams_edited(user: Any) -> list[tuple[int, str]]:
    """Return number and name of the teams for which the person adds quotes."""
    return list(_rules().teams_edited_by(user).order_by("name").values_list("pk", "name"))


def team_name(user: Any, team_id: int) -> str:
    """Return the name of a team that the person may read."""
    return str(_rules().team(user, team_id))


def require_reader(user: Any, team_id: int) -> None:
    """Answer 404 to everybody who may not read the team's quotes."""
    if not may_see_team(user, team_id):
        raise Http404


def require_editor(user: Any, team_id: int) -> None:
    """Answer 404 to everybody who does not add quotes for the team."""
    if not _rules().may_edit_team(user, team_id):
        raise Http404


def _rules() -> Any:
    return import_module(settings.PRICE_ACCESS)
