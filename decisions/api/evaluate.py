"""`POST /api/v1/evaluate`: the evaluation for scripts, under the names of docs/evaluate.md."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from decisions import evaluation, tokens

ENCODING_FAULT = {"path": "", "says": "the input is not UTF-8 text"}
BEARER = "Bearer "


@csrf_exempt
@require_POST
def evaluate(request: HttpRequest) -> JsonResponse:
    """Answer an evaluation, or 422 with every fault and its path.

    For programs with a key of a person, and for people who are signed in. A key is never sent by a
    browser on its own, so only a session needs protection against other sites.
    """
    given = request.headers.get("Authorization", "")
    if given.startswith(BEARER):
        person = tokens.owner(given.removeprefix(BEARER).strip(), at=timezone.now())
        return _answer(request) if person else refuse("This key is not known.")
    if not request.user.is_authenticated:
        return refuse("Send a key of your profile as “Authorization: Bearer …”, or sign in.")
    return _answer_to_session(request)


def refuse(says: str) -> JsonResponse:
    """Return the answer to a program without a key that is known."""
    return JsonResponse({"error": says}, status=401, headers={"WWW-Authenticate": "Bearer"})


@csrf_protect
def _answer_to_session(request: HttpRequest) -> JsonResponse:
    return _answer(request)


def _answer(request: HttpRequest) -> JsonResponse:
    try:
        question = evaluation.read(evaluation.parse(request.body.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return JsonResponse({"faults": [ENCODING_FAULT]}, status=422)
    except evaluation.BadInput as bad:
        faults = [{"path": fault.path, "says": fault.says} for fault in bad.faults]
        return JsonResponse({"faults": faults}, status=422)
    return JsonResponse(evaluation.as_json(evaluation.evaluate(question)))


urlpatterns = [path("api/v1/evaluate", evaluate, name="evaluate-api")]
