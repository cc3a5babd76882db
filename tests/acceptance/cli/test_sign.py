"""`pantau report --sign`: the PDF of a report with a seal behind it."""

import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.acceptance.cli.commands import pantau
from tests.acceptance.cli.test_opendata import city  # noqa: F401
from tests.certificates import root
from tests.timestampers import time_stamper
from tests.unit.reports.seals import PASSPHRASE, packed_key

DAY = ("--from", "2025-06-02", "--to", "2025-06-03", "--format", "pdf")
NAME = "laporan-2025-06-02--2025-06-02.id"


def write_key(folder, more="", passphrase=PASSPHRASE):
    (folder / "segel.p12").write_bytes(packed_key())
    (folder / "sandi").write_text(passphrase)
    (folder / "sandi").chmod(0o600)
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "report.yaml").write_text(
        f"version: 1\nseal: {{pkcs12: segel.p12, passphrase: {{file: sandi}}{more}}}\n"
    )


def test_sealed_beside_the_other(city, tmp_path_factory):  # noqa: F811
    """The sealed PDF begins with the other; a second run leaves the seal alone."""
    with time_stamper(tmp_path_factory.mktemp("tsa")) as url:
        write_key(city, f", tsa_url: '{url}'")
        first = pantau(city, "report", *DAY, "--sign")
        assert first.returncode == 0, first.stderr
    unsealed = (city / f"{NAME}.pdf").read_bytes()
    sealed = (city / f"{NAME}.segel.pdf").read_bytes()
    [seal] = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    assert sealed.startswith(unsealed)
    kinds = [each["type"].native for each in seal.signer_info["unsigned_attrs"]]
    assert kinds == ["signature_time_stamp_token"]

    (city / "root.pem").write_bytes(root().pem())
    path = f"{NAME}.segel.pdf"
    verified = pantau(city, "report", "verify", path, "--trust", "root.pem")
    assert verified.returncode == 0, verified.stderr
    assert "verified: SegelIntegritas" in verified.stdout
    assert "by an authority" in verified.stdout
    (city / "lain.pdf").write_bytes(sealed.replace(b"/Count 1", b"/Count 2", 1)[:-2] + b"  ")
    broken = pantau(city, "report", "verify", "lain.pdf")
    assert broken.returncode == 1
    assert "lain.pdf: " in broken.stderr

    assert pantau(city, "report", *DAY, "--sign").returncode == 0
    assert (city / f"{NAME}.segel.pdf").read_bytes() == sealed


@pytest.mark.parametrize(
    ("passphrase", "arguments", "code", "said"),
    [
        (None, ("--sign",), 1, "config/report.yaml names no key"),
        ("lain", ("--sign",), 1, "segel.p12: no PKCS#12 file with a key, or the passphrase"),
        (PASSPHRASE, ("--sign", "--format", "csv"), 2, "say --format pdf as well"),
    ],
)
def test_nothing_to_seal_with(city, passphrase, arguments, code, said):  # noqa: F811
    """Without a key, or a PDF, nothing is written, and it is said what would be right."""
    if passphrase is not None:
        write_key(city, passphrase=passphrase)
    refused = pantau(city, "report", *DAY, *arguments)
    assert refused.returncode == code
    assert said in refused.stderr
    assert not list(city.glob("laporan*"))
