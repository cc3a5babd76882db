"""What a dns check saw of signatures and name servers, as a person reads it."""

from datetime import UTC, datetime

import pytest

from monitor.cli.checkview import rows

NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)
SERVER = {
    "name": "ns1.id",
    "address": "192.0.2.1",
    "lame": None,
    "serial": 10,
    "seconds": 0.01,
    "rcode": "NOERROR",
    "answers": ["192.0.2.7"],
}
LAME = SERVER | {"name": "ns2.id", "address": None, "lame": "ns2.id: NXDOMAIN", "answers": []}


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (
            {
                "security": "secure",
                "reason": None,
                "signatures_end": 1794916800,
                "zones": [".", "id"],
            },
            [("DNSSEC", "secure, signatures until 2026-11-17"), ("  chain", ". > id")],
        ),
        (
            {
                "security": "insecure",
                "reason": "id: no DS in .",
                "signatures_end": None,
                "zones": [],
            },
            [("DNSSEC", "insecure"), ("", "id: no DS in .")],
        ),
    ],
)
def test_signatures(found, shown):
    """What validation came to is told with its reason, the end of signatures and the zones."""
    assert list(rows({"dnssec": found}, NOON, UTC)) == shown


def test_name_servers():
    """Each name server of the zone has a row with what it said, or why it is lame."""
    facts = {"authorities": {"zone": "example.id", "servers": [SERVER, LAME]}}

    assert list(rows(facts, NOON, UTC)) == [
        ("zone", "example.id"),
        ("name servers", "✓ ns1.id 192.0.2.1  NOERROR: 192.0.2.7 (serial 10)"),
        ("", "✗ ns2.id  ns2.id: NXDOMAIN"),
    ]


@pytest.mark.parametrize(("delegated", "told"), [(["ns1.id"], 0), (["ns3.id"], 1)])
def test_delegation(delegated, told):
    """What the zone above names is told where it is something else."""
    found = {"zone": "a.id", "servers": [], "listed": ["ns1.id"], "delegated": delegated}

    assert (
        list(rows({"authorities": found}, NOON, UTC)).count(("zone above", "names ns3.id")) == told
    )
