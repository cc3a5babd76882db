"""Whether a sealed PDF is as it was: what its signatures say, and every byte that they cover."""

import io
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_der_x509_certificate

from monitor.reports.signature import SEAL_FIELD

if TYPE_CHECKING:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

_HEX = re.compile(rb"<(?:(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+)>")


class BrokenSeal(Exception):
    """A PDF is not as it was sealed, or was never sealed; says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A signature that is right. `at` is what the signer says, or an authority: `stamped`.

    `trusted` says whether its certificate leads to one that was given; None where none was.
    """

    field: str
    subject: str
    at: datetime | None
    stamped: bool
    trusted: bool | None

    @property
    def is_seal(self) -> bool:
        """Say whether this is our seal, and not what an official signed later."""
        return self.field == SEAL_FIELD


def signatures(pdf: bytes, roots: Sequence[bytes] = ()) -> list[Found]:
    """Return the signatures of a PDF; `roots` are trusted certificates, in DER.

    Raises BrokenSeal where there is none, one is false, something follows the last, or a later
    change is other than one more signature.
    """
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko_certvalidator import ValidationContext

    trust = ValidationContext(trust_roots=[x509.Certificate.load(root) for root in roots])
    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        for each in found:
            _as_written(pdf, each)
            if each.field_name == SEAL_FIELD:
                _covered(each)
        judged = [_judged(each, trust, is_asked=bool(roots)) for each in found]
    except BrokenSeal:
        raise
    except Exception as error:  # whatever a reader stumbles over is not what was sealed
        raise BrokenSeal(f"it can't be read as it was sealed: {error}") from error
    if not found:
        raise BrokenSeal("it has no signature")
    if found[-1].coverage.name != "ENTIRE_FILE":
        raise BrokenSeal("something was added after the last signature")
    return judged


def _as_written(pdf: bytes, one: "EmbeddedPdfSignature") -> None:
    """Raise BrokenSeal where the signature itself, which it can't cover, has a byte of another."""
    from asn1crypto.parser import peek

    _, before, after, _ = one.byte_range
    written = pdf[before:after]
    # Both cases of a letter mean the same: a program writes one of them.
    if not _HEX.fullmatch(written):
        raise BrokenSeal(f"{one.field_name}: the bytes of the signature are changed")
    octets = bytes.fromhex(written[1:-1].decode())
    if octets[peek(octets) :].strip(b"\0"):
        raise BrokenSeal(f"{one.field_name}: something follows the signature in its place")


def _covered(one: "EmbeddedPdfSignature") -> None:
    """Raise BrokenSeal where a part of our seal that no signature covers is another.

    Certificates beside the signer's are held against those that they come from, which `seal_key`
    takes along up to the root.
    """
    told, signer = one.signed_data, one.signer_info
    if told["version"].native != "v1" or told["digest_algorithms"].native != [
        signer["digest_algorithm"].native
    ]:
        raise BrokenSeal(f"{one.field_name}: the frame of the signature is changed")
    held = [load_der_x509_certificate(each.chosen.dump()) for each in told["certificates"]]
    if not all(_comes_from(each, held) for each in held if len(held) > 1):
        raise BrokenSeal(f"{one.field_name}: a certificate beside the signature is changed")


def _comes_from(one: Certificate, held: Sequence[Certificate]) -> bool:
    for other in held:
        with suppress(ValueError, TypeError, InvalidSignature):
            one.verify_directly_issued_by(other)
            return True
    return False


def _judged(one: "EmbeddedPdfSignature", trust: Any, *, is_asked: bool) -> Found:
    from pyhanko.sign.validation import validate_pdf_signature

    status: Any = validate_pdf_signature(one, trust, trust)
    if not (status.intact and status.valid):
        raise BrokenSeal(f"{one.field_name}: what was signed is changed")
    stamp = status.timestamp_validity
    if stamp is not None and not (stamp.intact and stamp.valid):
        raise BrokenSeal(f"{one.field_name}: the time-stamp is changed")
    if not status.docmdp_ok or status.modification_level is None:
        raise BrokenSeal(f"{one.field_name}: more was changed afterwards than signatures added")
    return Found(
        field=one.field_name,
        subject=str(one.signer_cert.subject.human_friendly),
        at=stamp.timestamp if stamp is not None else one.self_reported_timestamp,
        stamped=stamp is not None,
        trusted=bool(status.trusted) if is_asked else None,
    )
