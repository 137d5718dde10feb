"""A PostgreSQL and a Redis of a test's own, on free ports, that may be killed: not the machine's.

    scripts/own_servers.py scripts/chaos.py jobs --seed 7

runs the command with both behind TEST_PROFILE=servers, and removes them after it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = "OWN_SERVERS"
# PostgreSQL refuses to run as root.
UNPRIVILEGED = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None


def _program(name: str) -> str:
    """Return the program's path; empty when it is not installed."""
    debian = map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or next(debian, "")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*words: str) -> None:
    subprocess.run(words, user=UNPRIVILEGED, check=True, stdout=subprocess.DEVNULL)


def _postgresql(folder: Path, *words: str) -> None:
    data, log = folder / "postgresql", folder / "postgresql.log"
    _run(_program("pg_ctl"), "-D", str(data), "-l", str(log), "-w", *words)


def kill_postgresql() -> None:
    """Stop PostgreSQL as a power cut does, and start it again."""
    folder = Path(os.environ[FOLDER])
    _postgresql(folder, "-m", "immediate", "restart")


def kill_redis() -> None:
    """End Redis with SIGKILL, with all that it held, and start it again."""
    folder = Path(os.environ[FOLDER])
    os.kill(int((folder / "redis.pid").read_text()), signal.SIGKILL)
    _start_redis(folder)


def _start_redis(folder: Path) -> None:
    port, pid = (folder / "redis.port").read_text(), folder / "redis.pid"
    pid.unlink(missing_ok=True)
    where = ["--port", port, "--bind", "127.0.0.1", "--dir", str(folder), "--pidfile", str(pid)]
    words = [_program("redis-server"), *where, "--save", "", "--daemonize", "yes"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    for _ in range(100):
        if pid.exists() and pid.read_text().strip():
            return
        time.sleep(0.1)
    raise RuntimeError("Redis does not start")


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Yield the environment that leads to the two servers."""
    with tempfile.TemporaryDirectory(prefix="breakeven-servers-") as name:
        folder, port = Path(name), _free_port()
        folder.chmod(0o777)
        _run(_program("initdb"), "-D", str(folder / "postgresql"), "-A", "trust", "-U", "postgres")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        _postgresql(folder, "-o", options, "start")
        try:
            (folder / "redis.port").write_text(str(_free_port()))
            _start_redis(folder)
            yield {
                FOLDER: name,
                "TEST_PROFILE": "servers",
                "TEST_DATABASE_URL": f"postgres://postgres@127.0.0.1:{port}/postgres",
                "TEST_REDIS_URL": f"redis://127.0.0.1:{(folder / 'redis.port').read_text()}/0",
            }
        finally:
            if (folder / "redis.pid").exists():
                os.kill(int((folder / "redis.pid").read_text()), signal.SIGTERM)
            _postgresql(folder, "-m", "immediate", "stop")


def main(words: list[str]) -> int:
    """Run a Python script with the servers; return its exit code."""
    missing = [name for name in ("initdb", "pg_ctl", "redis-server") if not _program(name)]
    if missing:
        print(f"Not run on PostgreSQL and Redis: {', '.join(missing)} not found.")
        return 0
    with running() as there:
        return subprocess.run([sys.executable, *words], env={**os.environ, **there}).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
