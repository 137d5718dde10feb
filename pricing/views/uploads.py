"""How does a team upload many quotes at once, and see what would be stored before anything is?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from pricing import access, evidence, export, quote_templates, uploads
from pricing.forms import UploadForm
from pricing.models import EvidenceFile, QuoteUpload
from pricing.quote_rows import COLUMNS, NAMES, Judged
from pricing.tables import LARGEST_BYTES, MOST_ROWS, BadTable

PER_PAGE = 100
FILES = {
    "csv": ("text/csv; charset=utf-8", quote_templates.as_csv),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        quote_templates.as_xlsx,
    ),
}


@login_required
def quote_upload(request: HttpRequest, team_id: int) -> HttpResponse:
    """Take a table of quotes and show what it would do; nothing is a price yet."""
    access.require_editor(request.user, team_id)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = _started(request, form, team_id)
        if upload is not None:
            return redirect("upload-detail", team_id, upload.pk)
    waiting = QuoteUpload.objects.filter(team_id=team_id, state=QuoteUpload.State.DRAFT)
    shown = {
        "form": form,
        "team_id": team_id,
        "team": access.team_name(request.user, team_id),
        "columns": COLUMNS,
        "drafts": waiting.defer("rows"),
        "most_rows": MOST_ROWS,
        "largest_mb": LARGEST_BYTES // 1024 // 1024,
    }
    return render(request, "prices/upload.html", shown, status=422 if form.errors else 200)


@login_required
@require_GET
def upload_detail(request: HttpRequest, team_id: int, upload_id: int) -> HttpResponse:
    """Show row by row what a table would add or why a row is refused."""
    upload = _upload(request, team_id, upload_id)
    rows = uploads.dry_run(upload, at=timezone.now())
    refused = [row for row in rows if not row.is_added]
    if form := export.asked_form(request):
        return export.answer(_records(rows), form=form, name="quotes-dry-run")
    only_refused = request.GET.get("show") == "refused"
    shown = {
        "upload": upload,
        "team_id": team_id,
        "team": access.team_name(request.user, team_id),
        "page": Paginator(refused if only_refused else rows, PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "added": len(rows) - len(refused),
        "refused": len(refused),
        "only_refused": only_refused,
    }
    return render(request, "prices/upload_detail.html", shown)


@login_required
@require_POST
def upload_confirm(request: HttpRequest, team_id: int, upload_id: int) -> HttpResponse:
    """Store the rows that are not refused."""
    upload = _upload(request, team_id, upload_id)
    expected = request.POST.get("expected", "")
    try:
        added = uploads.confirm(
            upload=upload,
            expected=int(expected) if expected.isdecimal() and len(expected) < 10 else -1,
            by=request.user.get_username(),
            at=timezone.now(),
        )
    except uploads.NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("upload-detail", team_id, upload_id)
    messages.success(
        request,
        f"{added} {'quote' if added == 1 else 'quotes'} stored, before pulled prices from now on.",
    )
    return redirect("quote-list", team_id)


@login_required
@require_POST
def upload_discard(request: HttpRequest, team_id: int, upload_id: int) -> HttpResponse:
    """Forget a table that was not confirmed."""
    upload = _upload(request, team_id, upload_id)
    try:
        uploads.discard(upload=upload, by=request.user.get_username(), at=timezone.now())
    except uploads.NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{upload.file_name} is forgotten; nothing of it was stored.")
    return redirect("quote-upload", team_id)


@login_required
@require_GET
def quote_template(request: HttpRequest, form: str) -> HttpResponse:
    """Hand out the file to start from."""
    if form not in FILES:
        raise Http404
    kind, make = FILES[form]
    answer = HttpResponse(make(), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="quotes-template.{form}"'
    return answer


def _upload(request: HttpRequest, team_id: int, upload_id: int) -> QuoteUpload:
    access.require_editor(request.user, team_id)
    return get_object_or_404(QuoteUpload, pk=upload_id, team_id=team_id)


def _started(request: HttpRequest, form: UploadForm, team_id: int) -> QuoteUpload | None:
    by, at = request.user.get_username(), timezone.now()
    try:
        kept: EvidenceFile | None = form.keep_file(team_id=team_id, by=by, at=at)
        return uploads.start(
            team_id=team_id,
            file=form.cleaned_data["table"],
            evidence=form.cleaned_data["evidence"],
            evidence_file=kept,
            by=by,
            at=at,
        )
    except evidence.BadFile as refusal:
        form.add_error("evidence_file", str(refusal))
    except BadTable as refusal:
        form.add_error("table", str(refusal))
    except uploads.NotAllowed as refusal:
        form.add_error(None, str(refusal))
    return None


def _records(rows: list[Judged]) -> list[dict[str, object]]:
    """Return the rows as they were sent, with the verdict: to be corrected and sent again."""
    return [
        {
            **{name: row.cells.get(name, "") for name in NAMES},
            "row": row.number,
            "verdict": "added" if row.is_added else "refused",
            "why": "; ".join(f"{fault.column}: {fault.says}" for fault in row.faults),
        }
        for row in rows
    ]
