"""Records are signed once, verifiably, with a key that is made once, and any later change shows."""

import contextlib
import io
import multiprocessing
import stat
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.timestamps import DummyTimeStamper
from werkzeug import Response

from decisions import certificates, rendering, seals, signing
from tests import verapdf
from tests.decisions import record_examples as examples

NOW = datetime.now(UTC)


def made_certificate(name, *, ends=NOW + timedelta(days=400), usage=None):
    # The authority of the tests signs with RSA only.
    is_authority = usage is not None
    key = (
        rsa.generate_private_key(65537, 2048)
        if is_authority
        else ec.generate_private_key(ec.SECP256R1())
    )
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(NOW, ends) - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, False, False, False, False),
            critical=True,
        )
    )
    if usage is not None:
        built = built.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return key, built.sign(key, hashes.SHA256())


def as_pkcs12(key, certificate, *, password=b"open"):
    return pkcs12.serialize_key_and_certificates(
        b"x", key, certificate, None, serialization.BestAvailableEncryption(password)
    )


@pytest.fixture(scope="module")
def rendered():
    return rendering.render(examples.as_text(examples.record())).pdf


@pytest.fixture
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.RECORD_SIGNING_P12 = settings.TSA_URL = ""
    return tmp_path


@pytest.fixture
def signed(rendered, folder):
    return signing.sign(rendered, record_id="BE-2026Q4-000042")


class TestTheSignature:
    def test_a_signed_record_is_still_pdf_a_and_pdf_ua(self, signed):
        assert verapdf.faults(signed.pdf) == verapdf.NONE

    def test_it_holds_and_names_the_self_made_certificate(self, signed, rendered):
        seal = seals.read(signed.pdf)
        assert seal.fault == ""
        assert seal.certificate.is_self_made
        assert seal.stamp is None
        assert signed.pdf.startswith(rendered)

    @pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.9])
    def test_a_changed_byte_shows(self, signed, place):
        changed = bytearray(signed.pdf)
        changed[int(len(changed) * place)] ^= 1
        # What cannot be opened is no signed record either.
        with contextlib.suppress(PdfError, ValueError):
            assert seals.read(bytes(changed)).fault

    def test_the_digits_of_the_signature_itself_cannot_be_written_another_way(self, signed):
        start = signed.pdf.rindex(b"<3082")
        place = next(
            at for at in range(start, len(signed.pdf)) if signed.pdf[at : at + 1].isalpha()
        )
        changed = (
            signed.pdf[:place] + signed.pdf[place : place + 1].lower() + signed.pdf[place + 1 :]
        )
        assert "written anew" in seals.read(changed).fault

    def test_an_appended_update_shows(self, signed):
        writer = IncrementalPdfFileWriter(io.BytesIO(signed.pdf))
        writer.root["/Changed"] = writer.root["/Pages"]
        writer.update_root()
        appended = io.BytesIO()
        writer.write(appended)
        assert "added to the file" in seals.read(appended.getvalue()).fault

    def test_without_a_signature_it_says_so(self, rendered):
        assert "not signed" in seals.read(rendered).fault


class TestTheKey:
    def test_the_products_own_is_made_once_and_only_its_owner_reads_it(self, folder):
        first, again = certificates.key(), certificates.key()
        assert first.certificate == again.certificate
        mode = stat.S_IMODE((folder / "record_signing.p12").stat().st_mode)
        assert mode == 0o600
        assert [each.name for each in folder.iterdir()] == ["record_signing.p12"]

    def test_processes_that_start_at_once_end_with_one_key(self, folder):
        with multiprocessing.get_context("fork").Pool(4) as pool:
            found = pool.map(_fingerprint, [str(folder)] * 8, chunksize=1)
        assert len(set(found)) == 1

    def test_the_organisations_own_is_used(self, rendered, folder, settings):
        (folder / "own.p12").write_bytes(as_pkcs12(*made_certificate("Example Ltd records")))
        settings.RECORD_SIGNING_P12 = str(folder / "own.p12")
        settings.RECORD_SIGNING_P12_PASSWORD = "open"
        seal = signing.sign(rendered, record_id="x").seal
        assert (seal.fault, seal.certificate.name) == ("", "Example Ltd records")
        assert not (folder / "record_signing.p12").exists()

    @pytest.mark.parametrize(
        ("body", "password", "says"),
        [
            (None, "open", "cannot be read"),
            (b"no such file", "open", "no PKCS#12 file, or the password is wrong"),
            ("good", "wrong", "the password is wrong"),
            ("ended", "open", "not in force"),
        ],
    )
    def test_what_cannot_sign_is_said(self, rendered, folder, settings, body, password, says):
        ends = {"ended": NOW - timedelta(days=1)}.get(body, NOW + timedelta(days=400))
        if body in ("good", "ended"):
            body = as_pkcs12(*made_certificate("x", ends=ends))
        if body is not None:
            (folder / "own.p12").write_bytes(body)
        settings.RECORD_SIGNING_P12 = str(folder / "own.p12")
        settings.RECORD_SIGNING_P12_PASSWORD = password
        with pytest.raises(signing.CannotSign, match=says):
            signing.sign(rendered, record_id="x")

    @pytest.mark.parametrize(
        ("days", "says"), [(61, ""), (59, "ends on"), (-1, "no record can be signed")]
    )
    def test_sixty_days_before_its_end_it_warns(self, folder, settings, days, says):
        settings.RECORD_SIGNING_P12_PASSWORD = "open"
        settings.RECORD_SIGNING_P12 = str(folder / "own.p12")
        ends = NOW + timedelta(days=days)
        (folder / "own.p12").write_bytes(as_pkcs12(*made_certificate("x", ends=ends)))
        warned = certificates.warning(now=datetime.now(UTC))
        assert says in warned
        assert bool(warned) == bool(says)


def _fingerprint(folder):
    from pathlib import Path

    from django.conf import settings

    settings.VAR_DIR = Path(folder)
    return certificates.key().certificate.sha256


class TestTheTimestamp:
    @pytest.fixture
    def authority(self, httpserver, folder, settings):
        """A timestamp authority on loopback."""
        key, certificate = made_certificate("Test TSA", usage=ExtendedKeyUsageOID.TIME_STAMPING)
        stamper = DummyTimeStamper(
            tsa_cert=asn1_x509.Certificate.load(
                certificate.public_bytes(serialization.Encoding.DER)
            ),
            tsa_key=asn1_keys.PrivateKeyInfo.load(
                key.private_bytes(
                    serialization.Encoding.DER,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            ),
        )

        def answer(request):
            asked = tsp.TimeStampReq.load(request.get_data())
            return Response(
                stamper.request_tsa_response(asked).dump(),
                content_type="application/timestamp-reply",
            )

        httpserver.expect_request("/tsr").respond_with_handler(answer)
        settings.TSA_URL = httpserver.url_for("/tsr")
        return httpserver

    def test_the_signature_carries_its_time_and_stays_valid(self, rendered, authority):
        made = signing.sign(rendered, record_id="x")
        assert made.seal.stamp.is_good
        assert made.seal.stamp.authority.name == "Test TSA"
        assert abs(made.seal.stamp.at - datetime.now(UTC)) < timedelta(minutes=1)
        assert verapdf.faults(made.pdf) == verapdf.NONE

    @pytest.mark.parametrize("body", ["", "no timestamp", "x" * 200_000])
    def test_a_bad_answer_is_no_timestamp(self, rendered, folder, settings, httpserver, body):
        httpserver.expect_request("/tsr").respond_with_data(body)
        settings.TSA_URL = httpserver.url_for("/tsr")
        with pytest.raises(signing.NoTimestamp):
            signing.sign(rendered, record_id="x")

    def test_nobody_there_is_no_timestamp(self, rendered, folder, settings):
        settings.TSA_URL = "http://127.0.0.1:9/tsr"
        with pytest.raises(signing.NoTimestamp, match="does not answer"):
            signing.sign(rendered, record_id="x")
