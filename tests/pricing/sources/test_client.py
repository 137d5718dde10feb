"""The client is polite to good servers and unharmed by bad ones. A real server answers."""

import gzip
import socket
import threading
import time

import pytest
from werkzeug.wrappers import Response

from pricing.connections import Unsafe, refuse_private
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


@pytest.mark.parametrize("odd", ["\xb2", "soon", "-5", "9" * 400, "Mon, 99 Nov 99999 00:00:00 GMT"])
def test_an_odd_retry_after_does_no_harm(httpserver, client, odd):
    answer = Response(status=429)
    answer.headers["Retry-After"] = odd
    httpserver.expect_request("/p").respond_with_response(answer)
    with pytest.raises(NoAnswer, match="429"):
        client.get(httpserver.url_for("/p"))


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "image/png", "video/mp4"])
def test_a_type_that_no_list_of_prices_has_is_refused(httpserver, client, kind):
    httpserver.expect_request("/p").respond_with_data(b"{}", content_type=kind)
    with pytest.raises(NoAnswer, match="no list of prices"):
        client.get(httpserver.url_for("/p"))


def test_a_file_that_is_itself_gzipped_is_unpacked_up_to_the_cap(httpserver):
    client = Client()
    packed = {"/good": b"prices", "/bomb": b"0" * 100_000_000}
    for path, body in packed.items():
        httpserver.expect_request(path).respond_with_data(
            gzip.compress(body), content_type="application/gzip"
        )
    cut = gzip.compress(b"prices" * 1000)[:-20]
    httpserver.expect_request("/cut").respond_with_data(cut, content_type="application/gzip")
    assert client.get(httpserver.url_for("/good")).body == b"prices"
    for path, says in (("/bomb", "larger than 20 MB"), ("/cut", "cannot be unpacked")):
        with pytest.raises(NoAnswer, match=says):
            client.get(httpserver.url_for(path))


def test_all_pages_together_are_under_the_cap(httpserver):
    httpserver.expect_request("/p").respond_with_data(b" " * 12_000_000)
    client = Client()
    client.get(httpserver.url_for("/p"))
    with pytest.raises(NoAnswer, match="larger than 20 MB"):
        client.get(httpserver.url_for("/p"))


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "0.0.0.0",
        "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::",
        "2001:0:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_an_address_of_a_private_network_is_known_in_every_form(inside):
    class Connection:
        def getpeername(self):
            return (inside, 443)

        def close(self):
            pass

    with pytest.raises(Unsafe):
        refuse_private(Connection())


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


@pytest.mark.parametrize(
    "target", ["http://[", "http://x:y/", "http://x:99999/", "https://a\xadb..c/"]
)
def test_a_redirect_to_what_is_no_address_is_refused(httpserver, client, target):
    class Raw(Response):
        def get_wsgi_headers(self, environ):
            return self.headers

    lead = Raw(status=302)
    lead.headers["Location"] = target
    httpserver.expect_request("/p").respond_with_response(lead)
    with pytest.raises(NoAnswer):
        client.get(httpserver.url_for("/p"))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "prices", "http://", "http://[", "http://x:y"]
)
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
