"""Lists of rented machines become prices of one GPU and hour, from three sources."""

import io
import json
import zipfile
from decimal import Decimal

import pytest

from pricing import pull, queries, sources
from pricing.models import Observation
from pricing.sources import azure_retail, gpuhunt, machines, skypilot
from pricing.sources.client import Client
from pricing.things import BadAnswer
from tests.pricing.conftest import day, recorded

NOW = day("2026-11-20")


def by_key(reading):
    return {quote.thing.key: quote.amount for quote in reading.quotes}


def test_skypilot_takes_the_cheapest_machine_and_divides_by_its_gpus():
    found = by_key(skypilot.read(recorded("skypilot-nebula.csv"), at=NOW, cloud="nebula"))
    assert found == {
        "gpu|nebula|nebula|1xH100-SXM|north-1|on_demand": Decimal("3.10"),
        "gpu|nebula|nebula|1xH100-SXM|north-1|spot": Decimal("1.40"),
        "gpu|nebula|nebula|8xH100-SXM|north-1|on_demand": 3,
        "gpu|nebula|nebula|2xZ9000|south-1|on_demand": 2,
        "gpu|nebula|nebula|2xZ9000|south-1|spot": 2,
    }


def test_an_unknown_gpu_is_kept_as_unmapped_and_spot_without_discount_is_no_price(book):
    report = pull.pull("skypilot:nebula", at=NOW, body=recorded("skypilot-nebula.csv"))
    assert (report.accepted, report.rejected) == (4, 1)
    rejected = Observation.objects.get(status="rejected")
    assert rejected.reason.startswith("spot_without_discount")
    unmapped = queries.find_offers(kind="gpu", text="Z9000")
    assert [offer.gpu_is_known for offer in unmapped] == [False]


def test_a_file_with_too_many_fields_in_half_its_rows_is_refused():
    header, *rows = recorded("skypilot-nebula.csv").decode().splitlines()
    broken = "\n".join([header, *(row + (",x" if n % 2 else "") for n, row in enumerate(rows))])
    with pytest.raises(BadAnswer, match="rows are broken"):
        skypilot.read(broken.encode(), at=NOW, cloud="nebula")


GCP = """InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice
a2-highgpu-2g,24,170,,,,north-1,north-1-a,2.00,0.80
,,,A100,2,,north-1,north-1-a,6.00,2.20
,,,A100,2,,south-1,south-1-a,6.00,2.20
,,,T4,1,,north-1,north-1-a,0.35,0.11
,,,tpu-v6e-8,1,tpu-v6e-8,north-1,north-1-a,700.0,700.0
"""


def test_a_card_counts_with_the_machine_that_it_goes_into_or_not_at_all():
    assert by_key(skypilot.read(GCP.encode(), at=NOW, cloud="gcp")) == {
        "gpu|gcp|gcp|2xA100|north-1|on_demand": 4,
        "gpu|gcp|gcp|2xA100|north-1|spot": Decimal("1.5"),
    }


def test_cards_without_any_machine_are_no_list_of_machines():
    header, *rows = GCP.splitlines()
    cards = "\n".join([header, *(row for row in rows if row.startswith(","))])
    with pytest.raises(BadAnswer, match="its 4 lines with GPUs name no machine"):
        skypilot.read(cards.encode(), at=NOW, cloud="gcp")


def test_memory_that_is_called_mib_and_is_gb_still_finds_the_card():
    line = (
        "1x_A100,{name},1.0,1.39,IN,\"{{'Gpus': [{{'MemoryInfo': {{'SizeInMiB': {size}}}}}]}}\"\n"
    )
    head = "InstanceType,AcceleratorName,AcceleratorCount,Price,Region,GpuInfo\n"
    for size, name in ((80, "A100-80GB"), (81920, "A100-80GB"), (80, "A100")):
        read = skypilot.read((head + line.format(name=name, size=size)).encode(), at=NOW, cloud="x")
        assert [q.thing.gpu for q in read.quotes] == ["A100-80GB"]


@pytest.mark.parametrize("count", ["1e30", "1025", "0.5", "-1", "0"])
def test_a_count_that_no_machine_has_is_no_machine(count):
    body = f"InstanceType,AcceleratorName,AcceleratorCount,Price,Region\na,H100,{count},3,x\n"
    with pytest.raises(BadAnswer, match="no machines"):
        skypilot.read(body.encode(), at=NOW, cloud="x")


@pytest.mark.parametrize("lines", [1, 2])
def test_a_file_without_gpus_is_refused(lines):
    body = "\n".join(recorded("skypilot-nebula.csv").decode().splitlines()[:lines]).encode()
    with pytest.raises(BadAnswer, match=r"no rows|no machines"):
        skypilot.read(body, at=NOW, cloud="nebula")


def zipped(name="oci.csv", body=None):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, recorded("gpuhunt-oci.csv") if body is None else body)
    return packed.getvalue()


def test_gpuhunt_is_asked_for_its_version_first(book, httpserver, settings):
    httpserver.expect_request("/v3/oci/version").respond_with_data("20261118-7\n")
    httpserver.expect_request("/v3/oci/20261118-7/catalog.zip").respond_with_data(zipped())
    settings.PRICE_SOURCE_URLS = {"gpuhunt": httpserver.url_for("/v3/{cloud}/version")}
    report = pull.pull("gpuhunt:oci", at=NOW)
    assert (report.accepted, report.revision, report.error) == (2, "version 20261118-7", "")


def test_gpuhunt_leaves_out_made_up_spot_prices():
    assert by_key(gpuhunt.read(zipped(), at=NOW, cloud="oci")) == {
        "gpu|oci|oci|2xA10|eu-1|on_demand": 2,
        "gpu|oci|oci|8xMI300X|us-1|on_demand": 6,
    }
    aws = recorded("gpuhunt-oci.csv")
    assert "gpu|aws|aws|2xA10|eu-1|spot" in by_key(gpuhunt.read(aws, at=NOW, cloud="aws"))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"PK\x03\x04", "cannot be read"),
        (zipped("other.csv"), "cannot be read"),
        (zipped(body=b"0" * 30_000_000), "more than 20 MB"),
        (b"", "empty"),
        (b"a,b\n1,2\n", "lacks"),
    ],
)
def test_a_broken_archive_is_refused(body, says):
    with pytest.raises(BadAnswer, match=says):
        gpuhunt.read(body, at=NOW, cloud="oci")


def test_azure_pages_are_followed_and_reservations_divided_by_their_term(
    book, httpserver, settings
):
    second = httpserver.url_for("/prices?page=2")
    first = recorded("azure-page-1.json").replace(b"NEXT", second.encode())
    httpserver.expect_ordered_request("/prices").respond_with_data(first)
    httpserver.expect_ordered_request("/prices", query_string="page=2").respond_with_data(
        recorded("azure-page-2.json")
    )
    settings.PRICE_SOURCE_URLS = {"azure_retail": httpserver.url_for("/prices")}
    assert pull.pull("azure_retail", at=NOW).accepted == 3
    found = queries.find_offers(kind="gpu", text="azure H100")
    prices = {(o.mode, o.term_months): o.measures["gpu_hour"].amount for o in found}
    assert prices == {
        ("on_demand", 0): Decimal("12.29"),
        ("spot", 0): 5,
        ("reserved", 12): 8,
    }


def test_azure_does_not_follow_a_page_to_another_place(book, httpserver, settings):
    first = recorded("azure-page-1.json").replace(b"NEXT", b"https://elsewhere.example/prices")
    httpserver.expect_request("/prices").respond_with_data(first)
    settings.PRICE_SOURCE_URLS = {"azure_retail": httpserver.url_for("/prices")}
    assert "elsewhere" in pull.pull("azure_retail", at=NOW).error


@pytest.mark.parametrize("following", ["SELF", 5, ["x"], "http://[bad"])
def test_azure_pages_that_lead_in_a_circle_or_nowhere_are_refused(book, httpserver, following):
    page = json.loads(recorded("azure-page-2.json"))
    here = httpserver.url_for("/prices")
    page["NextPageLink"] = here if following == "SELF" else following
    httpserver.expect_request("/prices").respond_with_json(page)
    with pytest.raises(BadAnswer, match=r"circle|elsewhere"):
        azure_retail.fetch(Client(), here, NOW)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"Items": []}', b'{"Items": [1, 2]}'])
def test_what_is_no_page_of_prices_is_refused(body):
    with pytest.raises(BadAnswer):
        azure_retail.read(body, at=NOW)


def test_a_cloud_is_a_source_of_its_own():
    assert sources.get("skypilot:anything").url.endswith("/v8/anything/vms.csv")
    assert "skypilot:lambda" in sources.found()
    for wrong in ("skypilot", "litellm:aws", "skypilot:../x", "nothing"):
        with pytest.raises(KeyError):
            sources.get(wrong)


def machine(gpu, price, *, provider="nebula", count=1, mode="on_demand"):
    return machines.Machine(
        provider=provider,
        name="",
        gpu=gpu,
        gpu_count=count,
        memory_gb=None,
        region="north",
        mode=mode,
        price=Decimal(price),
    )


def test_a_placeholder_undercuts_no_real_price_and_is_none_alone():
    models = ("A40", "L4", "L40S", "A10", "RTX-4090", "H100-SXM")
    listed = [machine(model, "0.50", count=2) for model in models]
    quotes = machines.cheapest([*listed, machine("H100-SXM", "6", count=2)])
    amounts = {quote.thing.gpu: quote.amount for quote in quotes}
    assert amounts == {**dict.fromkeys(models), "H100-SXM": Decimal(3)}
    assert "5 or more GPU models" in quotes[0].written


def test_a_spot_price_that_a_list_made_up_is_left_out_in_every_list():
    listed = [
        machine("H100", "10", provider="oci"),
        machine("H100", "5", provider="oci", mode="spot"),
    ]
    assert [quote.thing.mode for quote in machines.cheapest(listed)] == ["on_demand"]
