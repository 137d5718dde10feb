"""Whatever a source answers, the price book stays as it was, in time, and the health page says why."""

import gzip
import io
import time
import tracemalloc
import zipfile

import pytest
from werkzeug.wrappers import Response

from pricing import pull
from pricing.models import ExchangeRate, Observation, SourceHealth
from pricing.sources import client
from tests.pricing.conftest import day, recorded

BEFORE, NOW = day("2026-11-19"), day("2026-11-20")
MOST_BYTES = 64_000_000


def zipped(table):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("oci.csv", table)
    return packed.getvalue()


GOOD = {
    "litellm": recorded("litellm-2026-10-01.json"),
    "genai_prices": recorded("genai_prices.json"),
    "openrouter": recorded("openrouter-models.json"),
    "azure_retail": recorded("azure-page-2.json"),
    "skypilot:nebula": recorded("skypilot-nebula.csv"),
    "gpuhunt:oci": zipped(recorded("gpuhunt-oci.csv")),
    "ecb": recorded("ecb.xml"),
}


def dripping(request):
    def drip():
        for _ in range(100):
            time.sleep(0.05)
            yield b" "

    return Response(drip(), mimetype="text/plain")


FAULTS = {
    "empty": b"",
    "blank": b" \n \n",
    "an HTML page": b"<!doctype html><html><title>Sign in</title></html>",
    "truncated": None,
    "not UTF-8": b"\xff\xfe\xfa\xfb" * 50,
    "NaN": b'[{"id": NaN}]',
    "Infinity": b'{"a": Infinity}',
    "nested": b"[" * 200_000,
    "nested objects": b'{"a":' * 200_000,
    "a number": b"1",
    "null": b"null",
    "a string": b'"prices"',
    "only a header": b"InstanceType,AcceleratorName,AcceleratorCount,Price,Region,SpotPrice\n",
    "columns missing": b"a,b,c\n1,2,3\n",
    "rows too wide": b"a,b\n1,2,3\n1,2\n1,2,3\n",
    "a quote left open": b'a,b\n"1,2\n',
    "null bytes": b"\0" * 1000,
    "a broken archive": b"PK\x03\x04" + b"\0" * 100,
    "a gzip bomb": Response(gzip.compress(b" " * 60_000_000), headers={"Content-Encoding": "gzip"}),
    "no gzip though it says so": Response(b"plain", headers={"Content-Encoding": "gzip"}),
    "larger than allowed": Response(b" " * 21_000_000),
    "500": Response(status=500),
    "503": Response(status=503),
    "429 for an hour": Response(status=429, headers={"Retry-After": "3600"}),
    "404": Response(status=404),
    "401": Response(status=401),
    "a redirect to nowhere": Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "a redirect to a file": Response(status=302, headers={"Location": "file:///etc/passwd"}),
    "a loop of redirects": Response(status=302, headers={"Location": "/v/version"}),
    "dripping": dripping,
}


@pytest.fixture
def served(httpserver, settings, monkeypatch):
    """Return a function that serves an answer as the source's, whatever is asked for."""
    monkeypatch.setattr(client, "TRIES", 2)
    defaults = client.Client.__init__.__kwdefaults__ or {}
    quick = {**defaults, "deadline_seconds": 1.0, "sleep": lambda seconds: None}
    monkeypatch.setattr(client.Client.__init__, "__kwdefaults__", quick)
    monkeypatch.setattr(pull, "DEADLINE_SECONDS", 1.0)

    def serve(source, answer):
        name = source.partition(":")[0]
        settings.PRICE_SOURCE_URLS = {
            n: httpserver.url_for("/v/version") for n in (name, "frankfurter")
        }
        if not callable(answer) or isinstance(answer, Response):
            response = answer if isinstance(answer, Response) else Response(answer)
            httpserver.expect_request("/v/version").respond_with_response(response)
        else:
            httpserver.expect_request("/v/version").respond_with_handler(answer)

    return serve


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("source", GOOD)
def test_a_fault_changes_nothing_and_is_named(book, served, source, fault):
    assert pull.pull(source, at=BEFORE, body=GOOD[source]).accepted > 0
    before = Observation.objects.count(), ExchangeRate.objects.count()
    answer = FAULTS[fault]
    served(source, GOOD[source][: len(GOOD[source]) // 2] if answer is None else answer)
    tracemalloc.start()
    began = time.monotonic()

    report = pull.pull(source, at=NOW)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    health = SourceHealth.objects.get(source=source)
    assert report.error == health.error != ""
    assert (health.last_success_at, health.last_check_at) == (BEFORE, NOW)
    assert (Observation.objects.count(), ExchangeRate.objects.count()) == before
    assert time.monotonic() - began < 5
    assert peak < MOST_BYTES
