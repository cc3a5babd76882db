"""Checks of type ssh: how host keys are written, and which mistakes are refused."""

import pytest
from pydantic import ValidationError

from monitor.probes.ssh import SshSpec, conditions_of

PRINT = "SHA256:" + "a" * 43
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


def a_spec(**keys):
    return SshSpec.model_validate({"host": "bastion.test", **keys})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (PRINT, PRINT),
        (LINE, "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"),
        (LINE + " github.com", "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"),
    ],
)
def test_a_host_key_is_written_as_ssh_prints_it(written, read):
    """A fingerprint and a line of a public key file mean the same."""
    assert conditions_of(a_spec(expect={"host_keys": [written]})).host_keys == (read,)


@pytest.mark.parametrize(
    "keys",
    [
        {"port": 0},
        {"key_type": "dsa"},
        {"expect": {"host_keys": ["MD5:aa:bb"]}},
        {"expect": {"host_keys": [PRINT + "="]}},
        {"expect": {"host_keys": ["ssh-ed25519 AAAA"]}},
        {"expect": {"host_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5A"]}},
        {"expect": {"host_keys": PRINT}},
        {"password": {"env": "X"}},
    ],
    ids=str,
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


def test_target():
    """The target is host and port, an IPv6 address in brackets."""
    assert a_spec().target() == "bastion.test:22"
    assert a_spec(host="2001:db8::7", port=2222).target() == "[2001:db8::7]:2222"
    assert a_spec().dialled_host() == "bastion.test"
