"""Which families of models are there, and whose weights are open?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from pricing import access, export, families
from pricing.forms import FamilyForm
from pricing.models import ModelFamily, Offer


@login_required
@require_GET
def family_list(request: HttpRequest) -> HttpResponse:
    """Show whose model each family is, and whether its weights are open."""
    public = Offer.objects.filter(kind=Offer.Kind.TOKEN, for_team_id__isnull=True).order_by()
    of_family = public.filter(family=OuterRef("name")).values("family")
    counted = Coalesce(Subquery(of_family.annotate(count=Count("pk")).values("count")), 0)
    found = ModelFamily.objects.annotate(offers=counted)
    if form := export.asked_form(request):
        names = ("name", "maker", "weights", "offers", "prefixes")
        records = [{name: getattr(family, name) for name in names} for family in found]
        return export.answer(records, form=form, name="families")
    shown = {
        "families": found,
        "unknown": public.filter(family="").count(),
        "may_change": access.may_judge_prices(request.user),
    }
    return render(request, "prices/families.html", shown)


@login_required
def family_change(request: HttpRequest, family_id: int) -> HttpResponse:
    """Say whether a family's weights are open: first what that would do, then do it."""
    access.require_judge(request.user)
    family = get_object_or_404(ModelFamily, pk=family_id)
    offers = list(families.offers_of(family))
    form = FamilyForm(request.POST or None, initial={"weights": family.weights})
    effect = None
    if request.method == "POST" and form.is_valid():
        weights = form.cleaned_data["weights"]
        if request.POST.get("confirmed") == weights:
            changed = families.set_weights(
                family=family,
                weights=weights,
                by=request.user.get_username(),
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
            messages.success(request, f"{family.name} is changed, and {changed} offers with it.")
            return redirect("family-list")
        effect = [str(offer) for offer in offers if offer.weights != weights]
    wanted = dict(Offer.Weights.choices).get(str(form["weights"].value()), "")
    shown = {"family": family, "offers": offers, "form": form, "effect": effect}
    shown["wanted"] = wanted.lower()
    return render(request, "prices/family.html", shown, status=422 if form.errors else 200)
