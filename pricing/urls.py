"""Which pages of the price book are where?"""

from django.urls import path

from pricing.views import book, compare, families, quarantine, quotes, sources, uploads

urlpatterns = [
    path("prices/", book.price_list, name="price-list"),
    path("prices/download.csv", book.price_download, {"form": "csv"}, name="price-csv"),
    path("prices/download.json", book.price_download, {"form": "json"}, name="price-json"),
    path("prices/<int:offer_id>/", book.price_detail, name="price-detail"),
    path("prices/hosts/", compare.price_hosts, name="price-hosts"),
    path("prices/gpus/", compare.price_gpus, name="price-gpus"),
    path("prices/families/", families.family_list, name="family-list"),
    path("prices/families/<int:family_id>/", families.family_change, name="family-change"),
    path("prices/sources/", sources.price_sources, name="price-sources"),
    path("prices/sources/<str:name>/pull/", sources.source_pull, name="source-pull"),
    path("prices/quarantine/", quarantine.price_quarantine, name="price-quarantine"),
    path(
        "prices/quarantine/<int:price_id>/", quarantine.quarantine_decide, name="quarantine-decide"
    ),
    path("prices/held/release/", quarantine.held_release, name="held-release"),
    path("prices/currencies/set/", quarantine.currency_set, name="currency-set"),
    path("prices/evidence/<int:evidence_id>/", quotes.quote_evidence, name="quote-evidence"),
    path("quotes/template.<str:form>", uploads.quote_template, name="quote-template"),
    path("teams/<int:team_id>/quotes/", quotes.quote_list, name="quote-list"),
    path("teams/<int:team_id>/quotes/add/", quotes.quote_add, name="quote-add"),
    path("teams/<int:team_id>/quotes/<int:offer_id>/end/", quotes.quote_end, name="quote-end"),
    path("teams/<int:team_id>/quotes/upload/", uploads.quote_upload, name="quote-upload"),
    path(
        "teams/<int:team_id>/quotes/upload/<int:upload_id>/",
        uploads.upload_detail,
        name="upload-detail",
    ),
    path(
        "teams/<int:team_id>/quotes/upload/<int:upload_id>/confirm/",
        uploads.upload_confirm,
        name="upload-confirm",
    ),
    path(
        "teams/<int:team_id>/quotes/upload/<int:upload_id>/discard/",
        uploads.upload_discard,
        name="upload-discard",
    ),
]
