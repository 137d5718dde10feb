"""Waiting for another process, as short as possible and never for good."""

import threading
from collections.abc import Callable
from typing import Any

import pytest


def is_soon(true: Callable[[], Any], *, seconds: float) -> Any:
    """Return what `true()` returns once it is truthy, or its last answer after `seconds`."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if found := true():
            return found
        pause.wait(0.05)
    return true()


def wait_until(true: Callable[[], Any], *, seconds: float = 30, says: str = "") -> Any:
    """Return what `true()` returns once it is truthy; fail with `says` after `seconds`."""
    return is_soon(true, seconds=seconds) or pytest.fail(f"waited {seconds:g} s in vain: {says}")
