"""`POST /api/v1/evaluate`: the evaluation for scripts, under the names of docs/evaluate.md."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from decisions import evaluation

ENCODING_FAULT = {"path": "", "says": "the input is not UTF-8 text"}


@require_POST
def evaluate(request: HttpRequest) -> JsonResponse:
    """Answer an evaluation, or 422 with every fault and its path. For people who are signed in."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "Sign in first."}, status=401)
    try:
        question = evaluation.read(evaluation.parse(request.body.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return JsonResponse({"faults": [ENCODING_FAULT]}, status=422)
    except evaluation.BadInput as bad:
        faults = [{"path": fault.path, "says": fault.says} for fault in bad.faults]
        return JsonResponse({"faults": faults}, status=422)
    return JsonResponse(evaluation.as_json(evaluation.evaluate(question)))


urlpatterns = [path("api/v1/evaluate", evaluate, name="evaluate-api")]
