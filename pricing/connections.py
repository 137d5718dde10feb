"""Where may a connection lead, and how is one ended that does not end by itself?"""

import ipaddress
import socket
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))


class Unsafe(OSError):
    """A connection led to an address that this request may not reach."""


class Guarded(HTTPAdapter):
    """Opens connections that can be cut from outside, and refuses private addresses when told to.

    The address is checked after connecting, so that a name cannot change its mind in between.
    """

    def __init__(self, *, public_only: bool) -> None:
        self.opened: list[Any] = []
        self.public_only = public_only
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        adapter = self

        class Watched:
            def connect(self: Any) -> None:
                super().connect()  # type: ignore[misc]
                adapter.opened.append(self)
                if adapter.public_only:
                    refuse_private(self.sock)

        http = type("Http", (Watched, HTTPConnection), {})
        https = type("Https", (Watched, HTTPSConnection), {})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("HttpPool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
        }

    def cut(self) -> None:
        """End every open connection: what waits for it fails at once."""
        for connection in self.opened:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)


def refuse_private(connection: socket.socket) -> None:
    """Close a connection that leads into a private network, and raise Unsafe."""
    address = connection.getpeername()[0]
    if not is_public(address):
        connection.close()
        raise Unsafe(f"it leads to {address}, an address inside a private network")


def is_public(address: str) -> bool:
    """Return whether an IP address is one that anybody may have, in every form it is written in.

    >>> is_public("1.1.1.1"), is_public("10.0.0.1"), is_public("64:ff9b::a00:1"), is_public("224.0.0.1")
    (True, False, False, False)
    """
    found = _all_of(ipaddress.ip_address(address.partition("%")[0]))
    return all(each.is_global and not each.is_multicast for each in found)


def _all_of(address: _Address) -> list[_Address]:
    """Return the address and those that it carries inside: a translator would lead there."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _TRANSLATED):
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *(each for each in carried if each is not None)]
