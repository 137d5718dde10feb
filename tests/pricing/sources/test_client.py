"""The client is polite to good servers and unharmed by bad ones. A real server answers."""

import gzip
import socket
import threading
import time

import pytest
from werkzeug.wrappers import Response

from pricing.sources.client import Client, NoAnswer, NotModified


@pytest.fixture
def client():
    return Client(deadline_seconds=1.5, sleep=lambda seconds: None)


def test_an_answer_comes_with_its_validators(httpserver, client):
    headers = {"ETag": '"a"', "Last-Modified": "Mon, 16 Nov 2026 00:00:00 GMT"}
    httpserver.expect_request("/p").respond_with_data(b"prices", headers=headers)
    answer = client.get(httpserver.url_for("/p"))
    assert answer.body == b"prices"
    assert answer.validators == {"etag": '"a"', "last_modified": headers["Last-Modified"]}


def test_validators_are_sent_and_304_is_understood(httpserver):
    url = httpserver.url_for("/p")
    httpserver.expect_request("/p", headers={"If-None-Match": '"a"'}).respond_with_data(status=304)
    with pytest.raises(NotModified):
        Client(validators={url: {"etag": '"a"'}}).get(url)


def test_gzip_is_unpacked(httpserver, client):
    packed = gzip.compress(b"prices" * 100)
    httpserver.expect_request("/p").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    assert client.get(httpserver.url_for("/p")).body == b"prices" * 100


def test_a_bomb_is_refused_within_the_cap(httpserver):
    bomb = gzip.compress(b"0" * 100_000_000)
    httpserver.expect_request("/p").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(NoAnswer, match="larger than 20 MB"):
        Client().get(httpserver.url_for("/p"))


def test_broken_gzip_is_refused(httpserver, client):
    httpserver.expect_request("/p").respond_with_data(b"no", headers={"Content-Encoding": "gzip"})
    with pytest.raises(NoAnswer, match="cannot be unpacked"):
        client.get(httpserver.url_for("/p"))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_is_tried_three_times(httpserver, status):
    waits: list[float] = []
    for _ in range(2):
        httpserver.expect_ordered_request("/p").respond_with_data(status=status)
    httpserver.expect_ordered_request("/p").respond_with_data(b"at last")
    assert Client(sleep=waits.append).get(httpserver.url_for("/p")).body == b"at last"
    assert len(waits) == 2


def test_retry_after_is_honoured(httpserver):
    waits: list[float] = []
    httpserver.expect_ordered_request("/p").respond_with_data(
        status=429, headers={"Retry-After": "7"}
    )
    httpserver.expect_ordered_request("/p").respond_with_data(b"yes")
    Client(sleep=waits.append).get(httpserver.url_for("/p"))
    assert waits == [7.0]


def test_a_retry_after_beyond_the_deadline_ends_it(httpserver, client):
    httpserver.expect_request("/p").respond_with_data(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(NoAnswer, match="429"):
        client.get(httpserver.url_for("/p"))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_repeated(httpserver, client, status):
    httpserver.expect_oneshot_request("/p").respond_with_data(status=status)
    with pytest.raises(NoAnswer, match=str(status)):
        client.get(httpserver.url_for("/p"))


def test_a_redirect_into_a_private_network_is_refused(httpserver, client):
    there = {"Location": httpserver.url_for("/inside")}
    httpserver.expect_request("/p").respond_with_data(status=302, headers=there)
    httpserver.expect_request("/inside").respond_with_data(b"secret")
    with pytest.raises(NoAnswer, match="private network"):
        client.get(httpserver.url_for("/p"))


@pytest.mark.parametrize("target", ["ftp://example.org/p", "file:///etc/passwd", "gopher://x/"])
def test_a_redirect_to_another_scheme_is_refused(httpserver, client, target):
    httpserver.expect_request("/p").respond_with_data(status=302, headers={"Location": target})
    with pytest.raises(NoAnswer, match="not https"):
        client.get(httpserver.url_for("/p"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "prices", "http://"])
def test_an_address_that_is_none_is_refused(client, url):
    with pytest.raises(NoAnswer):
        client.get(url)


def test_nobody_there(client):
    with pytest.raises(NoAnswer, match="no connection"):
        client.get("http://127.0.0.1:9/p")


def test_a_body_that_drips_ends_at_the_deadline(httpserver, client):
    def drip(request):
        return Response((b"x" for _ in iter(lambda: time.sleep(0.1), 1)), mimetype="text/plain")

    httpserver.expect_request("/p").respond_with_handler(drip)
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"within 1.5 s"):
        client.get(httpserver.url_for("/p"))
    assert time.monotonic() - began < 3


def test_headers_that_drip_end_at_the_deadline(client):
    server = socket.create_server(("127.0.0.1", 0))

    def drip():
        connection, _ = server.accept()
        with connection, pytest.MonkeyPatch.context():
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for number in range(200):
                    connection.sendall(b"X-%d: y\r\n" % number)
                    time.sleep(0.05)
            except OSError:
                return

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"within 1.5 s"):
        client.get(f"http://127.0.0.1:{server.getsockname()[1]}/p")
    assert time.monotonic() - began < 4
    server.close()
