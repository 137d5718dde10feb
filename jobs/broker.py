"""How do messages lie in a folder so that a killed process never leaves half of one?

Kombu's own folder transport writes in place. A worker that looks while a message is being written,
or after its writer was killed, reads half of it and ends; so does one that finds a half-written
table of queues when it starts. Here everything is written beside its place and then renamed.
"""

import contextlib
import logging
import time
import uuid
from collections import deque
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)


def _write_whole(path: Path, content: Any) -> None:
    # A name that begins with a dot is no message: nobody reads it before it is renamed.
    unfinished = path.with_name(f".{uuid.uuid4()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(dumps(content))
    unfinished.rename(path)


class Channel(filesystem.Channel):
    """Messages as files `time_id.queue.msg`, the oldest first.

    Where a type is ignored, the stubs of kombu's two parent classes contradict each other.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listed: dict[str, deque[str]] = {}

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        # The list of a look is used up before the next one: a look costs as much as messages wait.
        listed = self._listed.setdefault(queue, deque())
        if not listed:
            listed.extend(sorted(path.name for path in folder.glob(f"[!.]*.{queue}.msg")))
        while listed:
            path, mine = folder / listed.popleft(), folder / f".{uuid.uuid4()}"
            # Only one worker can rename a file: the message is the winner's.
            with contextlib.suppress(FileNotFoundError):
                path.rename(mine)
                try:
                    return loads(mine.read_text())
                except ValueError:
                    # Nothing is lost: the database knows what is to do.
                    log.warning("dropped a message that cannot be read: %s", path.name)
                finally:
                    mine.unlink()
        raise Empty

    def get_table(self, exchange: str) -> list[filesystem.exchange_queue_t]:  # type: ignore[override]
        """Return which queues are bound; none when the file is missing or broken."""
        try:
            rows = loads(self._table_of(exchange).read_text())
        except (FileNotFoundError, ValueError):
            return []
        return [filesystem.exchange_queue_t(*row) for row in rows]

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        bound = self.get_table(exchange)
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        if row not in bound:
            _write_whole(self._table_of(exchange), [row, *bound])

    def _table_of(self, exchange: str) -> Path:
        # Kombu's own, which refuses names that lead out of the folder; its type stubs lack it.
        return Path(self._exchange_file(exchange))  # type: ignore[attr-defined]


class Transport(filesystem.Transport):
    """The folder transport with whole messages. `config.celery` puts it in kombu's place."""

    Channel = Channel

    def drain_events(  # type: ignore[override]
        self, connection: Any, timeout: float | None = None
    ) -> None:
        """Wait for a message, briefly: between two waits a worker notices that it is to stop."""
        super().drain_events(connection, timeout=min(timeout or 0.5, 0.5))
