"""`GET /api/v1/reviews`: when is each decision reviewed next, for scripts and dashboards?"""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from decisions import access, cadence, tokens
from decisions.api.evaluate import BEARER, refuse
from decisions.models import Decision, Review, User


@require_GET
def reviews(request: HttpRequest) -> JsonResponse:
    """Answer every decision that the asker may read, with its cadence and next review.

    For programs with a key of a person, and for people who are signed in.
    """
    person = _asker(request)
    if person is None:
        return refuse("Send a key of your profile as “Authorization: Bearer …”, or sign in.")
    found = access.decisions_of(person).filter(archived_at=None).select_related("team")
    return JsonResponse({"decisions": [_row(each) for each in found]})


def _asker(request: HttpRequest) -> User | None:
    given = request.headers.get("Authorization", "")
    if given.startswith(BEARER):
        return tokens.owner(given.removeprefix(BEARER).strip(), at=timezone.now())
    return request.user if isinstance(request.user, User) else None


def _row(decision: Decision) -> dict[str, object]:
    waiting = decision.reviews.exclude(state=Review.State.SIGNED).order_by("due_on").first()
    due = cadence.next_due(decision)
    return {
        "id": decision.pk,
        "name": decision.name,
        "team": decision.team.name,
        "cadence": cadence.in_words(decision),
        "next_due_on": None if due is None else due.isoformat(),
        "review": None
        if waiting is None
        else {
            "id": waiting.pk,
            "period": waiting.period,
            "state": waiting.state,
            "is_stale": waiting.is_stale,
            "early_because": waiting.early_because or None,
            "due_on": waiting.due_on.isoformat(),
        },
    }


urlpatterns = [path("api/v1/reviews", reviews, name="reviews-api")]
