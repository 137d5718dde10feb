"""How does a notice leave the house: by e-mail, to a chat, to a signed webhook?

Raises `work.TryAgain` when a later try may succeed and `work.GiveUp` when none will; the text of either
says why to a person. Nothing is sent to an address inside a private network, unless a setting allows it.
"""

import hashlib
import hmac
import json
import re
import smtplib
import socket
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from decisions.models import Address
from jobs import work
from pricing.connections import Guarded, Unsafe, is_public
from pricing.sources.client import cause

SECONDS = 10.0
CHATS = {
    Address.Service.SLACK: "NotifySlack",
    Address.Service.TEAMS: "NotifyWorkflows",
    Address.Service.MATTERMOST: "NotifyMattermost",
}
EXAMPLES = {
    Address.Service.SLACK: "https://hooks.slack.com/services/…",
    Address.Service.TEAMS: "https://….logic.azure.com/workflows/…/triggers/manual/paths/invoke?…",
    Address.Service.MATTERMOST: "https://chat.example.com/hooks/…",
    Address.Service.WEBHOOK: "https://…",
}


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is told. `link` leads to the page that it is about."""

    id: str
    kind: str
    subject: str
    text: str
    html: str
    link: str
    facts: dict[str, str]


def send_mail(message: Message, *, to: str) -> None:
    """Send text and HTML in one mail; its Message-ID stays the same however often it is tried."""
    mail = EmailMultiAlternatives(
        subject=message.subject, body=message.text, to=[to], headers={"Message-ID": message.id}
    )
    mail.attach_alternative(message.html, "text/html")
    server = f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        code, says = next(iter(refusal.recipients.values()))
        text = f"{server} refuses {to}: {code} {_plain(says)}"
        raise (work.GiveUp(text) if code >= 500 else work.TryAgain(text)) from refusal
    except smtplib.SMTPResponseException as refusal:
        text = f"{server} answered {refusal.smtp_code} {_plain(refusal.smtp_error)}"
        raise work.TryAgain(text) from refusal
    except OSError as error:
        # smtplib's own errors are of this kind too.
        raise work.TryAgain(f"{server} cannot be used: {error}") from error


def _plain(says: bytes | str) -> str:
    return says.decode("utf-8", "replace") if isinstance(says, bytes) else says


def fault_of(service: str, url: str) -> str:
    """Return what is wrong with an address that somebody enters; empty when nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This is no address."
    schemes = {"https", "http"} if settings.NOTICES_PRIVATE_ADDRESSES else {"https"}
    example = EXAMPLES[Address.Service(service)]
    if parts.scheme not in schemes or not host or re.search(r"[\s\x00-\x1f]", url):
        return f"The address has to look like {example}"
    if parts.username or parts.password:
        return "Leave out name and password: the address is sent as it stands."
    if service == Address.Service.WEBHOOK:
        return ""
    return "" if _chat(service, url) else f"The address has to look like {example}"


def _chat(service: str, url: str) -> Any:
    """Return the apprise plugin for the address, None when it is not one of the service's."""
    # Here, not above: it is large, and only a worker and a form that adds an address need it.
    import apprise

    if service == Address.Service.MATTERMOST:
        at = urlsplit(url)
        path, hooks, token = at.path.rpartition("/hooks/")
        scheme = "mmosts" if at.scheme == "https" else "mmost"
        url = f"{scheme}://{at.netloc}{path}/{token.strip('/')}" if hooks and token else ""
    asset = apprise.AppriseAsset(secure_logging=True, app_id="Breakeven")
    made = apprise.Apprise.instantiate(url, asset=asset) if url else None
    if made is None or type(made).__name__ != CHATS[Address.Service(service)]:
        return None
    # Whatever the address asks for in its query.
    made.redirects, made.verify_certificate = False, True
    made.socket_connect_timeout = made.socket_read_timeout = SECONDS
    return made


def send_chat(message: Message, *, service: str, url: str) -> None:
    """Send subject, text and link to Slack, Teams or Mattermost, through apprise.

    Apprise asks by itself and cannot be told which address to connect to, so the name is looked up
    first and redirects are off.
    """
    _refuse_private_host(url)
    plugin = _chat(service, url)
    if plugin is None:
        raise work.GiveUp("This is no address of the service any more: enter it again.")
    if not plugin.notify(body=message.text, title=message.subject):
        # Why stands in the log: apprise keeps it to itself.
        raise work.TryAgain(f"{urlsplit(url).hostname} did not take the message.")


def _refuse_private_host(url: str) -> None:
    if settings.NOTICES_PRIVATE_ADDRESSES:
        return
    at = urlsplit(url)
    try:
        found = socket.getaddrinfo(at.hostname, at.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise work.TryAgain(f"{at.hostname} is not found: {error}") from error
    for *_, address in found:
        if not is_public(str(address[0])):
            raise work.GiveUp(
                f"{at.hostname}: it leads to {address[0]}, an address inside a private network"
            )


def signature(*, secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature that a receiver compares: HMAC-SHA-256 of time, full stop and body.

    >>> signature(secret="s", timestamp="1", body=b"{}")[:10]
    'v1=b253639'
    """
    signed = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def post_webhook(message: Message, *, url: str, secret: str, at: datetime) -> None:
    """Post the notice as JSON, signed; the address connected to is checked, redirects refused."""
    told = {"id": message.id, "kind": message.kind, "subject": message.subject}
    body = json.dumps(
        {**told, "text": message.text, "link": message.link, **message.facts}
    ).encode()
    timestamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Breakeven notices",
        "Breakeven-Timestamp": timestamp,
        "Breakeven-Signature": signature(secret=secret, timestamp=timestamp, body=body),
    }
    status = _post(url, body=body, headers=headers)
    host = urlsplit(url).hostname
    if 300 <= status < 400:
        raise work.GiveUp(f"{host} redirects ({status}), which is not followed.")
    if status in {408, 425, 429} or status >= 500:
        raise work.TryAgain(f"{host} answered {status}.")
    if status >= 400:
        raise work.GiveUp(f"{host} answered {status}.")


def _post(url: str, *, body: bytes, headers: dict[str, str]) -> int:
    adapter = Guarded(public_only=not settings.NOTICES_PRIVATE_ADDRESSES)
    # A server that drips its headers satisfies every socket time-out; only this ends it.
    watchdog = threading.Timer(SECONDS, adapter.cut)
    watchdog.daemon = True
    watchdog.start()
    host = urlsplit(url).hostname
    try:
        with requests.Session() as session:
            # No proxy and no password file of the machine.
            session.trust_env = False
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            how = {"timeout": SECONDS, "stream": True, "allow_redirects": False}
            return session.post(url, data=body, headers=headers, **how).status_code  # type: ignore[arg-type]
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if (unsafe := cause(error, Unsafe)) is not None:
            raise work.GiveUp(f"{host}: {unsafe}") from error
        raise work.TryAgain(f"{host} gave no answer: {type(error).__name__}") from error
    finally:
        watchdog.cancel()
