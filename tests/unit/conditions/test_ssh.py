"""What is expected of an SSH server, and what none should offer."""

from dataclasses import replace

import pytest

from monitor.conditions.ssh import SshConditions, is_terrapin, judge, offered, weak
from monitor.domain.observation import FailureKind as Kind
from monitor.fields import Pattern
from monitor.net.ssh import SshHeard
from monitor.net.sshkex import HostKey
from monitor.net.sshwire import Algorithms

ONE, TWO = "SHA256:" + "a" * 43, "SHA256:" + "b" * 43
GOOD = Algorithms(
    exchanges=("curve25519-sha256", "kex-strict-s-v00@openssh.com"),
    host_keys=("ssh-ed25519", "rsa-sha2-512"),
    ciphers=(("chacha20-poly1305@openssh.com", "aes128-ctr"),) * 2,
    macs=(("hmac-sha2-256-etm@openssh.com", "hmac-sha1"),) * 2,
    compressions=(("none",),) * 2,
)
OPEN = replace(GOOD, exchanges=("curve25519-sha256",))


def heard(**said):
    key = HostKey(type="ssh-ed25519", bits=256, fingerprint=ONE)
    return SshHeard(**{"banner": "SSH-2.0-x", "offers": GOOD, "host_key": key, **said})


@pytest.mark.parametrize(
    ("expected", "said", "kind", "told"),
    [
        ({}, {}, None, ""),
        ({"host_keys": (TWO, ONE)}, {}, None, ""),
        (
            {"host_keys": (TWO,)},
            {},
            Kind.CHANGED,
            f"host key (ssh-ed25519): {ONE}, expected {TWO}",
        ),
        (
            {"host_keys": (TWO,)},
            {"host_key": None, "no_key": "no way"},
            Kind.PROTOCOL,
            f"host key: no way, expected {TWO}",
        ),
        ({}, {"host_key": None, "no_key": "no way"}, None, ""),
        (
            {"banner_matches": Pattern("^SSH-2.0-y")},
            {},
            Kind.BANNER,
            "banner: 'SSH-2.0-x', expected to match '^SSH-2.0-y'",
        ),
        ({"max_seconds": 0.4}, {}, Kind.SLOW, "took 0.500 s, expected at most 0.4 s"),
        ({"no_weak": True}, {}, None, ""),
    ],
)
def test_what_fails(expected, said, kind, told):
    """Each condition that does not hold is told with the actual value."""
    finding = judge(SshConditions(**expected), heard(**said), 0.5)

    assert (finding and finding.failure.kind) == kind
    assert ((finding and finding.failure.detail) or "") == told
    assert not (finding and finding.degrades)


def test_what_is_weak_only_degrades():
    """Weak algorithms degrade who minds, and a failure speaks before them."""
    said = heard(offers=replace(GOOD, host_keys=("ssh-dss",)))
    finding = judge(SshConditions(no_weak=True), said, 0.1)

    assert (finding.degrades, finding.failure.kind) == (True, Kind.BANNER)
    assert finding.failure.detail == "the server offers what is weak: ssh-dss"
    assert judge(SshConditions(), said, 0.1) is None
    assert not judge(SshConditions(no_weak=True, host_keys=(TWO,)), said, 0.1).degrades


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, ()),
        ({"offers": None}, ()),
        ({"banner": "SSH-1.99-x"}, ("SSH 1",)),
        ({"offers": OPEN}, ("no strict key exchange (CVE-2023-48795)",)),
        (
            {"host_key": HostKey(type="ssh-rsa", bits=1024, fingerprint=ONE)},
            ("RSA key of 1024 bits",),
        ),
        ({"host_key": HostKey(type="ssh-rsa", bits=2048, fingerprint=ONE)}, ()),
        (
            {
                "offers": Algorithms(
                    exchanges=(
                        "diffie-hellman-group1-sha1",
                        "diffie-hellman-group-exchange-sha1",
                        "diffie-hellman-group14-sha256",
                    ),
                    host_keys=("rsa-sha2-256", "ssh-rsa", "ssh-dss"),
                    ciphers=(("aes256-gcm@openssh.com", "arcfour"), ("aes256-cbc", "none")),
                    macs=(("hmac-sha1-96", "hmac-md5-etm@openssh.com"), ("hmac-sha2-512",)),
                    compressions=(("none",), ("none",)),
                )
            },
            (
                "diffie-hellman-group1-sha1",
                "diffie-hellman-group-exchange-sha1",
                "ssh-rsa",
                "ssh-dss",
                "arcfour",
                "aes256-cbc",
                "none",
                "hmac-sha1-96",
                "hmac-md5-etm@openssh.com",
                "no strict key exchange (CVE-2023-48795)",
            ),
        ),
    ],
)
def test_what_none_should_offer(said, found):
    """What is weak is named as the server calls it, and what is only old is not."""
    assert weak(heard(**said)) == found


@pytest.mark.parametrize(
    ("ciphers", "macs", "open_to_it"),
    [
        (("chacha20-poly1305@openssh.com",), ("hmac-sha2-256",), True),
        (("aes128-cbc",), ("hmac-sha2-256-etm@openssh.com",), True),
        (("aes128-cbc",), ("hmac-sha2-256",), False),
        (("aes128-ctr",), ("hmac-sha2-256-etm@openssh.com",), False),
    ],
)
def test_terrapin(ciphers, macs, open_to_it):
    """The flaw takes certain ciphers and the lack of a counter-measure."""
    offers = replace(OPEN, ciphers=(ciphers, ciphers), macs=(macs, macs))

    assert is_terrapin(offers) is open_to_it
    assert not is_terrapin(replace(offers, exchanges=GOOD.exchanges))


def test_long_lists_are_cut():
    """What a server lists is shown within bounds, and without what steers a terminal."""
    names = tuple(f"a{number}\x1b[31m" + "x" * 200 for number in range(120))
    shown = offered(replace(GOOD, exchanges=names))["key_exchanges"]

    assert len(shown) == 50
    assert all(len(name) <= 64 and "\x1b" not in name for name in shown)
