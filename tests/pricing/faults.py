"""What a source's server may answer instead of its prices. For tests and for `make chaos-prices`."""

import csv
import gzip
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.pricing.conftest import recorded

Answer = Response | Callable[[Request], Response]
_PRICE = re.compile(r"(cost_per_token|input_token_cost|_mtok|base|retailPrice|prompt|completion)")


def zipped(table: bytes, name: str = "oci.csv") -> bytes:
    """Return an archive with one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, table)
    return packed.getvalue()


def _azure() -> bytes:
    pages = [json.loads(recorded(f"azure-page-{number}.json")) for number in (1, 2)]
    return json.dumps({"Items": [item for page in pages for item in page["Items"]]}).encode()


GOOD = {
    "litellm": recorded("litellm-2026-10-01.json"),
    "genai_prices": recorded("genai_prices.json"),
    "openrouter": recorded("openrouter-models.json"),
    "azure_retail": _azure(),
    "skypilot:nebula": recorded("skypilot-nebula.csv"),
    "gpuhunt:oci": zipped(recorded("gpuhunt-oci.csv")),
    "ecb": recorded("ecb.xml"),
}


def dripping(request: Request) -> Response:
    """Answer a byte at a time, for longer than anybody should wait."""

    def drip() -> Iterator[bytes]:
        for _ in range(2_000):
            time.sleep(0.05)
            yield b" "

    return Response(drip(), mimetype="text/plain")


def _body(body: bytes, **headers: str) -> Response:
    return Response(
        body, mimetype="text/plain", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def _status(status: int, **headers: str) -> Response:
    return Response(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def wider(source: str) -> bytes:
    """Return the source's answer with 48 % of its rows broken: one field too wide, or no number."""
    good = _unpacked(source)
    if source == "ecb":
        return re.sub(rb"rate='([0-9.]+)'", b"rate='.'", good, count=2)
    if source.partition(":")[0] in ("skypilot", "gpuhunt"):
        header, *rows = (good.splitlines() * 10)[:201]
        wide = [row + b",x" if n % 100 < 48 else row for n, row in enumerate(rows)]
        return _packed(source, b"\n".join([header, *wide]))
    count = iter(range(1_000_000))

    def broken(key: str, value: Any) -> Any:
        is_price = _PRICE.search(key) and not isinstance(value, dict)
        return "abc" if is_price and next(count) % 100 < 48 else value

    return json.dumps(_changed(json.loads(good), broken)).encode()


def tenfold(source: str) -> bytes:
    """Return the source's answer with every price ten times what it is."""
    good = _unpacked(source)
    if source == "ecb":
        return re.sub(
            rb"rate='([0-9.]+)'", lambda m: b"rate='%s'" % _ten(m.group(1)), good
        ).replace(b"2026-11-20", b"2026-11-21")
    if source.partition(":")[0] in ("skypilot", "gpuhunt"):
        header, *rows = good.decode().splitlines()
        names = header.lower().split(",")
        places = [n for n, name in enumerate(names) if name in ("price", "spotprice")]
        return _packed(source, "\n".join([header, *(_row(row, places) for row in rows)]).encode())

    def ten(key: str, value: Any) -> Any:
        if _PRICE.search(key) and not isinstance(value, dict):
            found = str(Decimal(str(value)) * 10)
            return found if isinstance(value, str) else float(found)
        return value

    return json.dumps(_changed(json.loads(good), ten)).encode()


def _row(row: str, places: list[int]) -> str:
    cells = next(csv.reader([row]))
    for place in places:
        cells[place] = str(Decimal(cells[place]) * 10) if cells[place] else ""
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().strip()


def _changed(value: Any, change: Callable[[str, Any], Any]) -> Any:
    if isinstance(value, dict):
        return {k: _changed(change(k, v), change) for k, v in value.items()}
    return [_changed(each, change) for each in value] if isinstance(value, list) else value


def _ten(number: bytes) -> bytes:
    return str(Decimal(number.decode()) * 10).encode()


def _unpacked(source: str) -> bytes:
    return recorded("gpuhunt-oci.csv") if source.startswith("gpuhunt") else GOOD[source]


def _packed(source: str, table: bytes) -> bytes:
    return zipped(table) if source.startswith("gpuhunt") else table


FAULTS: dict[str, Answer] = {
    "empty": _body(b""),
    "blank": _body(b" \n \n"),
    "an HTML page": _body(b"<!doctype html><html><title>Sign in</title></html>"),
    "not UTF-8": _body(b"\xff\xfe\xfa\xfb" * 50),
    "NaN": _body(b'[{"id": NaN}]'),
    "Infinity": _body(b'{"a": Infinity}'),
    "nested 200,000 deep": _body(b"[" * 200_000),
    "nested objects": _body(b'{"a":' * 200_000),
    "a number": _body(b"1"),
    "null": _body(b"null"),
    "a string": _body(b'"prices"'),
    "only a header": _body(
        b"InstanceType,AcceleratorName,AcceleratorCount,Price,Region,SpotPrice\n"
    ),
    "columns missing": _body(b"a,b,c\n1,2,3\n"),
    "rows too wide": _body(b"a,b\n1,2,3\n1,2\n1,2,3\n"),
    "a quote left open": _body(b'a,b\n"1,2\n'),
    "null bytes": _body(b"\0" * 1000),
    "a broken archive": _body(b"PK\x03\x04" + b"\0" * 100),
    "a gzip bomb, 200 MB": _body(gzip.compress(b" " * 200_000_000), Content_Encoding="gzip"),
    "a gzipped file, 200 MB": _body(gzip.compress(b" " * 200_000_000)),
    "a zipped file, 200 MB": _body(zipped(b" " * 200_000_000)),
    "no gzip though it says so": _body(b"plain", Content_Encoding="gzip"),
    "larger than allowed": _body(b" " * 21_000_000),
    "1,000,000 rows": _body(
        b"InstanceType,AcceleratorName,AcceleratorCount,Price,Region\n"
        + b"x,T4,1,1,a\n" * 1_000_000
    ),
    "1,000,000 objects": _body(b'{"Items":[' + b"{}," * 1_000_000 + b"{}]}"),
    "500": _status(500),
    "503": _status(503),
    "429 for an hour": _status(429, Retry_After="3600"),
    "429 until never": _status(429, Retry_After="never"),
    "404": _status(404),
    "401": _status(401),
    "a redirect to nowhere": _status(302, Location="http://127.0.0.1:1/"),
    "a redirect to a file": _status(302, Location="file:///etc/passwd"),
    "a loop of redirects": _status(302, Location="/v/version"),
    "dripping": dripping,
}


def answer(source: str, fault: str) -> Answer:
    """Return what the server answers: a fault of FAULTS, or one made of the source's own answer."""
    good = GOOD[source]
    made: dict[str, Callable[[], Response]] = {
        "truncated": lambda: _body(good[: len(good) // 2]),
        "a wrong content type": lambda: Response(good, mimetype="text/html"),
        "48 % of rows broken": lambda: _body(wider(source)),
        "ten times everything": lambda: _body(tenfold(source)),
    }
    return made[fault]() if fault in made else FAULTS[fault]


ALL = [*FAULTS, "truncated", "a wrong content type", "48 % of rows broken", "ten times everything"]
