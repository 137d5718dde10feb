"""Run what the Procfile names until one of it ends or somebody says stop, and leave nothing behind.

Each process has a session of its own: a signal goes to the process alone, so that a worker may end
its children in peace, and a closed terminal reaches this program only, which then ends everything.
What libraries exist for this keep a process of their own beside each that they start: 5 MB each.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

FOR_ALL = {
    "PYTHONUNBUFFERED": "1",
    # In a container everybody is root.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
}
# Who has not ended by then is killed; what was begun starts again with the next start.
SECONDS_TO_END = 10
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervised:
    """One process of the Procfile, whose output is shown behind its name."""

    def __init__(self, name: str, command: str, ended: "queue.SimpleQueue[str]") -> None:
        self.name = name
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            env={**os.environ, **FOR_ALL},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._watch, args=[ended], daemon=True).start()

    def _watch(self, ended: "queue.SimpleQueue[str]") -> None:
        for line in self.process.stdout or ():
            say(self.name, line.decode(errors="replace").rstrip("\n"))
        self.process.wait()
        ended.put(f"{self.name} ended with the exit code {self.process.returncode}")

    def stop(self) -> None:
        """Ask it to end."""
        self.process.terminate()

    def kill(self) -> None:
        """End it and all of its children that have not ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def say(name: str, line: str) -> None:
    """Print a line with the time and the name of who says it; a closed terminal is no error."""
    with suppress(OSError):
        print(f"{datetime.now().astimezone():%H:%M:%S} {name:<6} | {line}", flush=True)


def procfile(path: Path) -> dict[str, str]:
    """Return the command of each name."""
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    named = [line.split(":", maxsplit=1) for line in lines if not line.startswith("#")]
    return {name.strip(): command.strip() for name, command in named}


def main() -> int:
    """Start all, wait, and return the exit code."""
    ended: queue.SimpleQueue[str] = queue.SimpleQueue()
    told: list[int] = []

    def stop(number: int, frame: object) -> None:
        told.append(number)
        ended.put(f"told to stop ({signal.Signals(number).name})")

    for number in STOPS:
        signal.signal(number, stop)
    started = [Supervised(*each, ended) for each in procfile(Path("Procfile")).items()]
    for each in started:
        say("system", f"{each.name} started (pid={each.process.pid})")
    say("system", ended.get())
    for each in started:
        each.stop()
    for each in started:
        with suppress(subprocess.TimeoutExpired):
            each.process.wait(timeout=SECONDS_TO_END)
        each.kill()
    return 0 if told else 1


if __name__ == "__main__":
    sys.exit(main())
