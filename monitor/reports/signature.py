"""The seal of a report: a PAdES signature that shows whether the PDF is as it was made.

It is an approval signature, not a certifying one, and the field for an official's own signature is
there already: what is signed later leaves the seal valid. What was the PDF before is the beginning
of the sealed one, byte by byte. It is no certified electronic seal, and its picture says so.
"""

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.locales import Language
from monitor.reports.pdf import stamp
from monitor.reports.places import APPROVAL, SEAL, TITLES, Place
from monitor.reports.tagging import tag_fields

if TYPE_CHECKING:
    from pyhanko.sign.fields import SigFieldSpec
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko.sign.timestamps import TimeStamper

SEAL_FIELD: Final = "SegelIntegritas"
APPROVAL_FIELD: Final = "PersetujuanPejabat"
_REASONS = {
    Language.ID: "Menunjukkan bahwa berkas tidak berubah; bukan persetujuan pejabat",
    Language.EN: "Shows that the file was not changed; no approval by an official",
}

AskAuthority = Callable[[bytes], Awaitable[bytes]]
"""Sends a time-stamp request (RFC 3161) in DER and returns the response. Raises OSError."""


class SealError(Exception):
    """No seal could be made; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKey:
    """A private key with its certificate and those above it: what signs."""

    signer: "SimpleSigner"

    @property
    def subject(self) -> str:
        """Return the names that the certificate gives its owner."""
        certificate = self.signer.signing_cert
        assert certificate is not None  # noqa: S101 - a PKCS#12 file without one is refused
        names = certificate.subject.native
        known = (names.get(part) for part in ("common_name", "organization_name"))
        return ", ".join(str(name) for name in known if name)


def seal_key(packed: bytes, passphrase: str) -> SealKey:
    """Return the key out of a PKCS#12 file. Raises SealError."""
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    try:
        found = SimpleSigner.load_pkcs12_data(packed, (), passphrase.encode())
    except (ValueError, TypeError, AttributeError):  # the last two where it holds no key
        raise SealError("no PKCS#12 file with a key, or the passphrase is another one") from None
    if not _whole(found):
        # Nothing would show that a byte of one is another.
        found = SimpleSigner(
            signing_cert=found.signing_cert,
            signing_key=found.signing_key,
            cert_registry=SimpleCertificateStore(),
        )
    return SealKey(signer=found)


def _whole(signer: "SimpleSigner") -> bool:
    """Say whether the certificates beside the signer's lead up to a root that is one of them."""
    held = {signer.signing_cert, *signer.cert_registry}
    names = {each.subject.hashable for each in held if each}
    return all(each.issuer.hashable in names for each in held if each)


async def sealed(
    pdf: bytes,
    key: SealKey,
    language: Language,
    at: datetime,
    *,
    ask_authority: AskAuthority | None = None,
) -> bytes:
    """Return `pdf` with a seal behind it: PAdES B-B, or B-T with the time of an authority.

    `at` is when the report was known, for the picture alone. Raises SealError.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import append_signature_field
    from pyhanko.sign.signers import PdfSigner
    from pyhanko.sign.timestamps import TimestampRequestError

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for place, name, title in zip(
        (SEAL, APPROVAL), (SEAL_FIELD, APPROVAL_FIELD), TITLES[language], strict=True
    ):
        append_signature_field(writer, _field(place, name, title))
    tag_fields(writer)
    signer = PdfSigner(
        _metadata(language),
        key.signer,
        timestamper=None if ask_authority is None else _time_stamper(ask_authority),
        stamp_style=_style(stamp(language, _lines(key, language), at)),
    )
    try:
        signed = await signer.async_sign_pdf(writer, existing_fields_only=True)
    except (OSError, ValueError, TimestampRequestError) as error:
        raise SealError(f"the time-stamping authority gave no time-stamp: {error}") from error
    return bytes(signed.getbuffer())


def _lines(key: SealKey, language: Language) -> tuple[str, ...]:
    told = {
        Language.ID: "Keabsahannya diperiksa pembaca PDF, bukan dari gambar ini.",
        Language.EN: "A PDF reader checks it; this picture proves nothing.",
    }
    return key.subject, told[language]


def _metadata(language: Language) -> Any:
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata

    return PdfSignatureMetadata(
        field_name=SEAL_FIELD,
        md_algorithm="sha256",
        reason=_REASONS[language],
        subfilter=SigSeedSubFilter.PADES,
        certify=False,
    )


def _field(place: Place, name: str, title: str) -> "SigFieldSpec":
    from pyhanko.sign.fields import SigFieldSpec

    return SigFieldSpec(
        sig_field_name=name,
        on_page=-1,
        box=place.points,
        readable_field_name=title,
        empty_field_appearance=True,
    )


def _style(picture: bytes) -> Any:
    """Return the look of the seal: a page with its font in it, and nothing drawn around."""
    from pyhanko.pdf_utils.content import PdfContent
    from pyhanko.pdf_utils.layout import AxisAlignment as Align
    from pyhanko.pdf_utils.layout import Margins, SimpleBoxLayoutRule
    from pyhanko.stamp import StaticStampStyle

    return StaticStampStyle(
        border_width=0,
        background=_page_content(picture, PdfContent),
        background_layout=SimpleBoxLayoutRule(
            x_align=Align.ALIGN_MIN, y_align=Align.ALIGN_MIN, margins=Margins.uniform(0)
        ),
    )


def _page_content(picture: bytes, base: type) -> Any:
    from pyhanko.pdf_utils.layout import BoxConstraints
    from pyhanko.pdf_utils.reader import PdfFileReader

    class Page(base):  # type: ignore[misc]
        def render(self) -> bytes:
            reader = PdfFileReader(io.BytesIO(picture))
            drawn = self._ensure_writer.import_page_as_xobject(reader)
            self.resources.xobject["/Seal"] = drawn
            x1, y1, x2, y2 = drawn.get_object()["/BBox"]
            self.box = BoxConstraints(width=abs(x1 - x2), height=abs(y1 - y2))
            return b"/Seal Do"

    return Page()


def _time_stamper(ask: AskAuthority) -> "TimeStamper":
    from asn1crypto import tsp
    from pyhanko.sign.timestamps import TimeStamper

    class Authority(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            response = tsp.TimeStampResp.load(await ask(req.dump()), strict=True)
            return response if response.native else None  # read whole, or ValueError

    return Authority()
