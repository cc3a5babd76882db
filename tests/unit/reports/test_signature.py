import asyncio
import io
import subprocess
from datetime import UTC, datetime
from functools import cache
from time import monotonic

import pikepdf
import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from monitor.locales import Language
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.reports.pdf import pdf
from monitor.reports.signature import (
    APPROVAL_FIELD,
    SEAL_FIELD,
    SealError,
    SealKey,
    seal_key,
    sealed,
)
from monitor.reports.timestamping import authority
from tests.certificates import root
from tests.peers import peer
from tests.servers import answering, ok, serving
from tests.timestampers import time_stamper
from tests.unit.reports.documents import document
from tests.unit.reports.seals import PASSPHRASE, packed_key

AT = datetime(2026, 11, 1, tzinfo=UTC)


def key() -> SealKey:
    return seal_key(packed_key(), PASSPHRASE)


@cache
def unsealed() -> bytes:
    return pdf(document(), [], AT)


@cache
def made() -> bytes:
    return asyncio.run(sealed(unsealed(), key(), Language.ID, AT))


def asked(url: str) -> bytes:
    network = Network(resolver=Resolver([], timeout_seconds=1))
    ask = authority(url, network, monotonic)
    return asyncio.run(sealed(unsealed(), key(), Language.ID, AT, ask_authority=ask))


def trust() -> ValidationContext:
    return ValidationContext(trust_roots=[x509.Certificate.load(root().der())])


def judged(data: bytes, number: int = 0):
    """Return what pyHanko says of a signature."""
    signature = PdfFileReader(io.BytesIO(data)).embedded_signatures[number]
    return validate_pdf_signature(signature, trust(), trust())


def signed_later(data: bytes, **field) -> bytes:
    """Return what an official's program makes of a PDF: one more signature, to be seen."""
    name = field.get("sig_field_name", APPROVAL_FIELD)
    official = PdfSigner(
        PdfSignatureMetadata(field_name=name),
        key().signer,
        new_field_spec=SigFieldSpec(**field) if field else None,
    )
    output = official.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)))
    return bytes(output.getbuffer())


def test_sealed_begins_with_what_was_sealed():
    """The PDF before it was sealed is the beginning of the sealed one, byte by byte."""
    assert made().startswith(unsealed())
    assert len(made()) > len(unsealed())


def test_seal_is_valid():
    """A reader of PDF finds the seal intact, trusted, over all of the file, and not certifying."""
    found = judged(made())

    assert found.bottom_line
    assert found.coverage.name == "ENTIRE_FILE"
    assert found.docmdp_ok
    [seal] = PdfFileReader(io.BytesIO(made())).embedded_signatures
    assert seal.field_name == SEAL_FIELD
    assert seal.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert PdfFileReader(io.BytesIO(made())).root.get("/Perms") is None


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_one_byte_breaks_the_seal(share):
    """One byte of what was sealed that is another shows."""
    other = bytearray(made())
    other[other.index(b"stream\n", int(len(unsealed()) * share)) + 9] ^= 1

    assert not judged(bytes(other)).intact


@pytest.mark.parametrize(
    "field",
    [{}, {"sig_field_name": "Tambahan", "on_page": 0, "box": (50, 60, 200, 120)}],
    ids=["prepared", "new"],
)
def test_later_signature_leaves_the_seal_valid(field):
    """What an official signs later, in the place kept for it or in another, breaks no seal."""
    later = signed_later(made(), **field)

    assert judged(later).bottom_line
    assert judged(later, 1).bottom_line
    assert judged(later).coverage.name == "ENTIRE_REVISION"


def test_seal_brings_its_fonts_and_says_what_it_is_not():
    """The seal's picture has its fonts in the file, and names it not certified."""
    with pikepdf.open(io.BytesIO(made())) as opened:
        fonts = [
            each
            for each in opened.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/FontDescriptor"
        ]
        names = {
            str(each.BaseFont)
            for each in opened.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"
        }
        assert all("/FontFile3" in each for each in fonts)
        assert all("Libertinus" in name for name in names)
        seal, approval = opened.Root.AcroForm.Fields
        assert str(seal.TU) == "Segel integritas (tidak tersertifikasi)"
        assert "/V" in seal
        assert str(approval.T) == APPROVAL_FIELD
        assert "/V" not in approval


def test_fields_are_read_aloud():
    """Each field stands in the structure of the document, with its name."""
    with pikepdf.open(io.BytesIO(made())) as opened:
        forms = [
            each
            for each in opened.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Form"
        ]
        numbers = opened.Root.StructTreeRoot.ParentTree.Nums
        places = {int(numbers[n]): numbers[n + 1] for n in range(0, len(numbers), 2)}
        assert [str(each.Alt) for each in forms] == [
            "Segel integritas (tidak tersertifikasi)",
            "Tanda tangan elektronik pejabat",
        ]
        for form in forms:
            assert places[int(form.K.Obj.StructParent)].objgen == form.objgen


def test_time_of_an_authority(tmp_path):
    """With a time-stamping authority the seal holds its word on when it was made."""
    with time_stamper(tmp_path) as url:
        found = judged(asked(url))

    assert found.bottom_line
    assert found.timestamp_validity.valid
    assert found.timestamp_validity.trusted


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ok(b"no"), "expected 200 with application/timestamp-reply"),
        (ok(b"no", "Content-Type: application/timestamp-reply"), "no time-stamp"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "status 503"),
    ],
)
def test_authority_without_a_time(answer, said):
    """Where the authority gives no time there is no seal, and it is said why."""
    with serving(answering(answer)) as port, pytest.raises(SealError, match=said):
        asked(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("octets", "passphrase"), [(b"", ""), (b"no", PASSPHRASE), (packed_key(), "lain")]
)
def test_no_key(octets, passphrase):
    """What is no PKCS#12 file, or opens with another passphrase, is said."""
    with pytest.raises(SealError, match="passphrase"):
        seal_key(octets, passphrase)


def test_poppler_agrees(tmp_path):
    """Poppler finds the seal valid as well, and all fonts in the file; qpdf finds no fault."""
    path = tmp_path / "laporan.pdf"
    path.write_bytes(made())

    said = _said("pdfsig", "-nocert", path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert " no " not in "\n".join(_said("pdffonts", path).splitlines()[2:])
    assert "No syntax or stream encoding errors" in _said("qpdf", "--check", path)
    assert "Segel integritas (tidak tersertifikasi)" in _said("pdftotext", path, "-")


def test_poppler_agrees_on_a_time_and_a_later_signature(tmp_path):
    """A seal with the time of an authority, and a signature that is seen and made later: poppler
    finds both valid, and so does pyHanko.
    """
    with time_stamper(tmp_path) as url:
        later = signed_later(
            asked(url), sig_field_name="Tambahan", on_page=0, box=(50, 60, 200, 120)
        )
    path = tmp_path / "laporan.pdf"
    path.write_bytes(later)

    said = _said("pdfsig", "-nocert", path)
    assert said.count("Signature is Valid") == 2
    assert "Signature is Invalid" not in said
    assert judged(later).bottom_line
    assert judged(later).timestamp_validity.trusted
    assert judged(later, 1).bottom_line
    assert "No syntax or stream encoding errors" in _said("qpdf", "--check", path)


def _said(program: str, *arguments: object) -> str:
    command = [peer(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
