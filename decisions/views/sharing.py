"""Links to one record or one pack: made and revoked by people, opened by whoever holds one."""

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from decisions import access, records, sharing
from decisions.forms.sharing import ShareForm
from decisions.models import Pack, Record, ShareLink, Snapshot
from decisions.views.packs import as_file
from decisions.views.signed_in import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_record(request: SignedInRequest, record_id: str) -> HttpResponse:
    """Make a link to a record, and list those that were made."""
    snapshot = access.snapshot_to_share(request.user, record_id)
    return _share(request, snapshot, ShareLink.objects.filter(record_id=record_id))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_pack(request: SignedInRequest, pack_id: int) -> HttpResponse:
    """Make a link to an evidence pack, and list those that were made."""
    pack = access.pack_to_share(request.user, pack_id)
    return _share(request, pack, ShareLink.objects.filter(pack=pack))


def _share(
    request: SignedInRequest, thing: Snapshot | Pack, links: QuerySet[ShareLink]
) -> HttpResponse:
    form = ShareForm(request.POST or None)
    at = timezone.now()
    address = ""
    if request.method == "POST" and form.is_valid():
        _, secret = sharing.make(thing, **form.cleaned_data, by=request.user, at=at)
        # Shown once, in the answer itself: nothing that is stored could show it again.
        address = request.build_absolute_uri(reverse("shared", args=[secret]))
        form = ShareForm()
    context = {
        "thing": thing,
        "is_pack": isinstance(thing, Pack),
        "links": links,
        "form": form,
        "address": address,
        "now": at,
    }
    wrong = request.method == "POST" and not address
    answer = render(request, "sharing/links.html", context, status=422 if wrong else 200)
    answer["Cache-Control"] = "private, no-store"
    return answer


@login_required
@require_POST
def revoke(request: SignedInRequest, link_id: int) -> HttpResponse:
    """End a link now."""
    link = access.share_link(request.user, link_id)
    sharing.revoke(link, by=request.user, at=timezone.now())
    if link.pack_id:
        return redirect("pack-share", link.pack_id)
    return redirect("record-share", link.record_id)


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link leads to, to whoever holds it."""
    link = _found(token)
    context = {"link": link, "secret": token}
    if not link.pack:
        snapshot = get_object_or_404(
            Snapshot.objects.defer("record_json"), record_id=link.record_id
        )
        context["snapshot"] = snapshot
        context["pdf"] = Record.objects.filter(snapshot=snapshot).defer("pdf").first()
    return _private(render(request, "sharing/shared.html", context))


@require_safe
def download(request: HttpRequest, token: str, file: str) -> HttpResponse:
    """Give the PDF or JSON of the record, or the ZIP of the pack, that the link leads to."""
    link = _found(token)
    answer = _file(link, file)
    if request.method == "GET":
        sharing.used(link, file=file, at=timezone.now())
    return _private(answer)


def _found(secret: str) -> ShareLink:
    link = sharing.find(secret, at=timezone.now())
    if link is None:
        raise Http404
    return link


def _file(link: ShareLink, file: str) -> HttpResponse:
    if link.pack:
        if file != "zip" or link.pack.made_at is None:
            raise Http404
        return as_file(link.pack)
    if file == "pdf":
        record = get_object_or_404(Record, snapshot__record_id=link.record_id)
        return _attachment(records.pdf_of(record), f"{link.record_id}.pdf", "application/pdf")
    if file == "json":
        snapshot = get_object_or_404(Snapshot, record_id=link.record_id)
        body = snapshot.record_json.encode()
        return _attachment(body, f"{link.record_id}.json", "application/json")
    raise Http404


def _attachment(body: bytes, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _private(answer: HttpResponse) -> HttpResponse:
    # The address is the key: it goes into no cache and to no other site.
    answer["Cache-Control"] = "private, no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer


urlpatterns = [
    path("records/<str:record_id>/links/", of_record, name="record-share"),
    path("packs/<int:pack_id>/links/", of_pack, name="pack-share"),
    path("links/<int:link_id>/revoke/", revoke, name="link-revoke"),
    path("shared/<str:token>/", shared, name="shared"),
    path("shared/<str:token>/<str:file>/", download, name="shared-download"),
]
