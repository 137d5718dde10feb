"""A real mail server on loopback that keeps what it takes, and answers what it is told to."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller


class Sink:
    """What was taken; `answers` come first, one per message, instead of taking it."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[Message] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message; the name is aiosmtpd's."""
        await asyncio.sleep(0)
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(message_from_bytes(envelope.content))
        return "250 taken"


@contextmanager
def listening() -> Iterator[Sink]:
    """Yield a server that listens on a port of its own until the block ends."""
    sink = Sink()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        sink.port = found.getsockname()[1]
    server = Controller(sink, hostname="127.0.0.1", port=sink.port)
    server.start()
    try:
        yield sink
    finally:
        server.stop()
