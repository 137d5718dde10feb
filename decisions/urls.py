"""Which pages does the product have? Each view module lists its own addresses."""

from decisions.views import portfolio

urlpatterns = [
    *portfolio.urlpatterns,
]
