"""Run what the Procfile names until one of it ends or somebody says stop, and leave nothing behind.

This is `honcho start` with three differences: a closed terminal ends it too (its processes have
sessions of their own and would go on), the worker keeps the web's PORT, and Ctrl-C is no error.
"""

import os
import signal
import sys
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

STOPPED_BY_A_PERSON = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def main() -> int:
    """Start all, wait, and return the exit code."""
    manager = Manager(Printer(sys.stdout))
    for name, command in parse_procfile(Path("Procfile").read_text()).processes.items():
        manager.add_process(name, command, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    return 0 if manager.returncode in STOPPED_BY_A_PERSON else manager.returncode


if __name__ == "__main__":
    sys.exit(main())
