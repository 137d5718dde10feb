"""Which offers fit what somebody typed?"""

import re

from django.db.models import Exists, OuterRef, Q, QuerySet

from pricing.models import CurrentPrice, Offer

# Words that people put between a model and its host.
FILLERS = {"at", "on", "by", "from", "via", "the", "in", "with"}
FIELDS = ("model", "source_name", "provider", "host", "gpu", "family", "region", "quantization")


def words(text: str) -> list[str]:
    """Return the words to look for, without fillers.

    >>> words("Llama 3.3 70B at Together")
    ['llama', '3.3', '70b', 'together']
    """
    return [w for w in re.split(r"[\s,/]+", text.lower().strip()) if w and w not in FILLERS]


def distance(name: str, text: str) -> int:
    """Return how many letters and digits of the name were not asked for: 0 is an exact fit.

    >>> distance("llama-3.3-70b", "Llama 3.3 70B at Together"), distance("llama-3.3-70b-vision", "Llama 3.3 70B")
    (0, 6)
    """
    asked = "".join(words(text))
    left = re.sub(r"[^a-z0-9.]+", "", name.lower())
    for word in words(text):
        left = left.replace(re.sub(r"[^a-z0-9.]+", "", word), "", 1)
    return len(left) if asked else 0


def matching(
    *,
    kind: str = "",
    text: str = "",
    provider: str = "",
    gpu: str = "",
    mode: str = "",
    weights: str = "",
    host: str = "",
    region: str = "",
    team_id: int | None = None,
) -> QuerySet[Offer]:
    """Return the offers with a stored price that fit every word and filter given.

    Offers that only a team knows appear for that team alone.
    """
    exact = {
        "kind": kind,
        "provider": provider,
        "mode": mode,
        "weights": weights,
        "host": host,
        "region": region,
    }
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=team_id)
    priced = CurrentPrice.objects.filter(visible, offer=OuterRef("pk"), observation__isnull=False)
    offers = Offer.objects.filter(
        visible, Exists(priced), **{name: value for name, value in exact.items() if value}
    )
    if gpu:
        offers = offers.filter(Q(gpu__iexact=gpu) | Q(gpu__istartswith=f"{gpu}-"))
    for word in words(text):
        offers = offers.filter(_holds(word))
    return offers


def _holds(word: str) -> Q:
    found = Q()
    for name in FIELDS:
        found |= Q(**{f"{name}__icontains": word})
    return found
