"""Which pages of the price book are where?"""

from django.urls import path

from pricing import views

urlpatterns = [
    path("prices/", views.price_list, name="price-list"),
    path("prices/download.csv", views.price_download, {"form": "csv"}, name="price-csv"),
    path("prices/download.json", views.price_download, {"form": "json"}, name="price-json"),
    path("prices/<int:offer_id>/", views.price_detail, name="price-detail"),
    path("prices/sources/", views.price_sources, name="price-sources"),
    path("prices/sources/<str:name>/pull/", views.source_pull, name="source-pull"),
    path("prices/quarantine/", views.price_quarantine, name="price-quarantine"),
    path("prices/quarantine/<int:price_id>/", views.quarantine_decide, name="quarantine-decide"),
    path("teams/<int:team_id>/quotes/add/", views.quote_add, name="quote-add"),
]
