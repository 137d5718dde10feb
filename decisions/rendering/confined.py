"""How is work on other people's text kept from taking the worker down with it?

On Linux it runs in a forked process with limits on its memory and time: a fork starts in
milliseconds, and its memory is given back whole when it ends. Other systems cannot fork safely once
system libraries are loaded (macOS), or at all (Windows): there the work runs in the worker itself,
under the worker's own time limit.
"""

import contextlib
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn, Protocol


class Report(Protocol):
    """Tells how far the work is."""

    def __call__(self, *, percent: int, says: str) -> None:
        """Show percent and words to people."""


Make = Callable[[Report], bytes]


class Stopped(Exception):
    """The work broke a limit, or died; the text says which."""


def run(make: Make, *, report: Report, seconds: float, megabytes: int) -> bytes:
    """Return what `make` makes, made in a process that can use so much time and memory, no more.

    Raises `Stopped` when it breaks a limit or fails. `megabytes` count from what this process
    has now.
    """
    if sys.platform != "linux":
        return make(report)
    ours, theirs = Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        ours.close()
        _work(make, theirs, seconds=seconds, megabytes=megabytes)
    theirs.close()
    try:
        return _listen(ours, report=report, seconds=seconds)
    finally:
        ours.close()
        # It may have ended; the number stays its own until waited for.
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _work(make: Make, pipe: "Connection[Any, Any]", *, seconds: float, megabytes: int) -> NoReturn:
    # Whatever happens, the child must never return into the worker's code, nor close what it
    # inherited (database connections, files): hence os._exit.
    try:
        _set_limits(seconds=seconds, megabytes=megabytes)
        pipe.send(("made", make(lambda **progress: pipe.send(("report", progress)))))
    except MemoryError:
        pipe.send(("failed", f"it needed more than {megabytes} MB of memory"))
    except BaseException as error:  # noqa: BLE001 - told to the parent, which raises it
        with contextlib.suppress(OSError):
            pipe.send(("failed", _in_words(error)))
    finally:
        os._exit(0)


def _in_words(error: BaseException) -> str:
    """The product's own errors are sentences; others need their name to be understood."""
    is_own = type(error).__module__.startswith("decisions.")
    return str(error) if is_own else f"{type(error).__name__}: {error}"


def _set_limits(*, seconds: float, megabytes: int) -> None:
    import resource

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    # The kernel ends it also when the parent was killed and nobody is left to do it.
    signal.alarm(math.ceil(seconds) + 1)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _listen(pipe: "Connection[Any, Any]", *, report: Report, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    while pipe.poll(max(0.0, deadline - time.monotonic())):
        try:
            what, told = pipe.recv()
        except EOFError:
            raise Stopped("its process died, most likely for lack of memory") from None
        if what == "report":
            report(**told)
        elif what == "made":
            return bytes(told)
        else:
            raise Stopped(told)
    raise Stopped(f"it took longer than {seconds:g} s")
