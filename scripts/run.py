"""Run what the Procfile names until one of it ends or somebody says stop, and leave nothing behind.

This is `honcho start`, except that a worker may end its own children in peace, a closed terminal
ends everything too (the processes have sessions of their own and would go on), the worker keeps the
web's PORT, and Ctrl-C is no error.
"""

import os
import signal
import sys
from pathlib import Path

import honcho.manager
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

FOR_ALL = {
    "PYTHONUNBUFFERED": "1",
    # In a container everybody is root.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
}
# Who has not ended by then is killed; what was begun starts again with the next start.
honcho.manager.KILL_WAIT = 10
STOPPED_BY_A_PERSON = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def main() -> int:
    """Start all, wait, and return the exit code."""
    manager = Manager(Printer(sys.stdout))
    # To the process alone, not to its children: a worker lets them finish what they do.
    manager._procmgr.terminate = lambda pid: os.kill(pid, signal.SIGTERM)
    for name, command in parse_procfile(Path("Procfile").read_text()).processes.items():
        manager.add_process(name, command, env={**os.environ, **FOR_ALL})
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    return 0 if manager.returncode in STOPPED_BY_A_PERSON else manager.returncode


if __name__ == "__main__":
    sys.exit(main())
