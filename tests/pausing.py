"""Imported by a worker that a test will kill: its work stands still at a known point.

`PAUSE_AT` is "working" (the slow part is done, nothing is written) or "writing" (the effect is written,
and its transaction still open). The lease is short, so that the killed worker is missed soon.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

import decisions.records  # noqa: F401 - registers its kind of work
import pricing.pull  # noqa: F401 - registers its kind of work
from jobs import work


def reached(point: str) -> Path:
    """Return the file that says that the work stands still at `point`."""
    return Path(settings.VAR_DIR) / f"reached-{point}"


def _stand_still(point: str) -> None:
    if os.environ.get("PAUSE_AT") == point:
        reached(point).touch()
        # Until the test kills this process.
        threading.Event().wait(120)


def _pausing(handler: work.Handler) -> work.Handler:
    def paused(claim: work.Claim) -> work.Effect:
        effect = handler(claim)
        _stand_still("working")

        def paused_effect() -> Mapping[str, Any] | None:
            result = effect()
            _stand_still("writing")
            return result

        return paused_effect

    return paused


def install() -> None:
    """Make every registered kind of work stand still at the point that PAUSE_AT names."""
    for name, kind in list(work._kinds.items()):
        work._kinds[name] = replace(
            kind, handler=_pausing(kind.handler), lease=timedelta(seconds=2)
        )


if os.environ.get("PAUSE_AT"):
    install()
