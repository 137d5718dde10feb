"""What happens to a worker when one of its children is killed?

Where the broker is a folder, children wait for work behind one lock that they share. One that is killed
while it waits takes the lock along, and the others wait for ever. A killed clock is replaced by nobody.
So the worker then starts itself anew, in the same process: what its children were doing is found by the
sweep when their leases end.
"""

import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

import billiard
from celery import bootsteps

log = logging.getLogger(__name__)

LOOKS_EVERY_SECONDS = 1.0


class StartAnew(bootsteps.StartStopStep):
    """Looks after the children of a worker, in a thread."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._stopped = threading.Event()

    def start(self, worker: Any) -> None:
        """Begin to look after the children; with an event loop each has a pipe of its own."""
        if not worker.use_eventloop:
            worker.pool._pool.on_process_down = self._ended
        if clock := getattr(worker, "beat", None):
            look = threading.Thread(target=self._look_after, args=[clock], daemon=True)
            look.start()

    def stop(self, worker: Any) -> None:
        """Look no more: children that end now were told to."""
        self._stopped.set()

    def terminate(self, worker: Any) -> None:
        """Do the same."""
        self._stopped.set()

    def _look_after(self, clock: Any) -> None:
        while not self._stopped.wait(LOOKS_EVERY_SECONDS):
            if clock.exitcode is not None:
                self._ended(clock)
                return

    def _ended(self, child: Any) -> None:
        if child.exitcode < 0 and not self._stopped.is_set():
            log.error("%s was killed: the worker starts anew", child.name)
            _start_anew()


def _children() -> list[Any]:
    # The pool adds and removes some meanwhile; the next look finds them.
    with suppress(RuntimeError):
        return list(billiard.active_children())
    return []


def _start_anew() -> None:
    for child in _children():
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    # The new program would not know that these were its children.
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself again
