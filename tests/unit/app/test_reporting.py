"""What people write in reports, from config/report.yaml."""

from datetime import date

from monitor.app.reporting import watched
from monitor.configuration.loader import load
from monitor.reports.report import FollowUp, Signatory, Wording

INCIDENT = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHECKS = """
version: 1
services: [{id: portal, name: Portal, owner: diskominfo}]
checks: []
"""
REPORT = f"""
version: 1
publisher: Diskominfo
numbers: {{2026-10: 500/1, 2026-Q4: 500/2}}
information_class: Terbuka
legal_basis: [SK 12/2026]
signatories: [{{role: Disusun oleh, name: Rina, number: "198001", position: Pranata Komputer}}]
follow_ups: [{{recommendation: Jalur kedua, owner: diskominfo, due: 2026-12-31, state: Berjalan}}]
causes: {{{INCIDENT}: Kabel putus}}
remarks: {{{INCIDENT}: Laporan warga}}
"""


def loaded(tmp_path, report=None):
    (tmp_path / "checks.yaml").write_text(CHECKS)
    if report is not None:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "report.yaml").write_text(report)
    return load(tmp_path / "checks.yaml", {}, {})


def test_everything_people_write_is_in_the_report(tmp_path):
    """Each key of config/report.yaml is in the report, the number that of its period."""
    found = watched(loaded(tmp_path, REPORT), "2026-Q4").wording

    assert found == Wording(
        publisher="Diskominfo",
        number="500/2",
        information_class="Terbuka",
        legal_basis=("SK 12/2026",),
        signatories=(
            Signatory(
                role="Disusun oleh", name="Rina", number="198001", position="Pranata Komputer"
            ),
        ),
        follow_ups=(
            FollowUp(
                recommendation="Jalur kedua",
                owner="diskominfo",
                due=date(2026, 12, 31),
                state="Berjalan",
            ),
        ),
        causes={INCIDENT: "Kabel putus"},
        remarks={INCIDENT: "Laporan warga"},
    )


def test_nobody_has_to_write_anything(tmp_path):
    """Without the file, and of a period without a number, everything is left blank."""
    assert watched(loaded(tmp_path), "2026-10").wording == Wording()
    assert watched(loaded(tmp_path), "2026-11").wording.number is None
