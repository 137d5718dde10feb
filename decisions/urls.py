"""Which pages does the product have? Each view module lists its own addresses."""

from decisions.api import evaluate
from decisions.views import (
    checklists,
    compare,
    decisions,
    flags,
    health,
    offers,
    options,
    portfolio,
    profile,
    records,
    reviews,
    teams,
    work,
    workloads,
)

urlpatterns = [
    *portfolio.urlpatterns,
    *decisions.urlpatterns,
    *workloads.urlpatterns,
    *options.urlpatterns,
    *offers.urlpatterns,
    *checklists.urlpatterns,
    *compare.urlpatterns,
    *reviews.urlpatterns,
    *records.urlpatterns,
    *flags.urlpatterns,
    *teams.urlpatterns,
    *profile.urlpatterns,
    *work.urlpatterns,
    *evaluate.urlpatterns,
    *health.urlpatterns,
]
