"""Who may issue certificates for a name."""

from types import SimpleNamespace

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.caa import Caa, find_caa, issuers
from monitor.net.dnsmessage import Question
from monitor.net.dnswire import Record
from monitor.net.errors import NetError

LE = "0 issue letsencrypt.org"


@pytest.mark.parametrize(
    ("texts", "wildcard", "expected"),
    [
        ((LE,), False, ("letsencrypt.org",)),
        ((LE,), True, ("letsencrypt.org",)),
        ((LE, "0 issuewild ;"), True, ()),
        ((LE, "0 issuewild ;"), False, ("letsencrypt.org",)),
        (("0 issuewild pki.goog",), False, None),
        (("0 issue ;",), False, ()),
        (("0 issue ",), False, ()),
        (("0 issue LetsEncrypt.org; validationmethods=dns-01",), False, ("letsencrypt.org",)),
        ((LE, "128 issue pki.goog"), False, ("letsencrypt.org", "pki.goog")),
        (("0 iodef mailto:a@b",), False, None),
        (('0 issue "ca.test"',), False, ("ca.test",)),
        (("",), False, None),
    ],
)
def test_who_is_listed(texts, wildcard, expected):
    """`issue` speaks for names, `issuewild` for wildcards where there is one; `;` is nobody."""
    assert issuers(texts, wildcard=wildcard) == expected


class Dns:
    def __init__(self, records, rcode="NOERROR"):
        self.records, self.rcode, self.asked = records, rcode, []

    async def ask(self, question: Question):
        self.asked.append(question.name)
        texts = self.records.get(question.name, ())
        found = tuple(
            Record(name=question.name, type="CAA", ttl_seconds=60, text=text) for text in texts
        )
        return SimpleNamespace(message=SimpleNamespace(rcode=self.rcode, answer=found))


async def test_names_above_are_asked_until_one_has_records():
    """Records of the nearest name count, the name itself first (RFC 8659, 3)."""
    dns = Dns({"kota.test": (LE,), "test": ("0 issue pki.goog",)})

    caa = await find_caa(dns.ask, "a.b.kota.test", wildcard=False)

    assert caa == Caa(at="kota.test", issuers=("letsencrypt.org",))
    assert dns.asked == ["a.b.kota.test", "b.kota.test", "kota.test"]


async def test_no_records_allow_everybody():
    """A name without records, up to its last label, may have certificates of any authority."""
    dns = Dns({}, rcode="NXDOMAIN")

    assert await find_caa(dns.ask, "a.test", wildcard=False) == Caa()
    assert dns.asked == ["a.test", "test"]


async def test_a_long_name_is_asked_itself():
    """However many labels a name has, its own records count first."""
    long = ".".join("abcdefghijklmno") + ".test"
    dns = Dns({long: ("0 issue ;",), "test": (LE,)})

    assert await find_caa(dns.ask, long, wildcard=False) == Caa(at=long, issuers=())


@pytest.mark.parametrize("name", ["a.test.", "a.test"])
async def test_the_root_is_never_asked(name):
    """The climb ends below the root, also for a name that is written with its last dot."""
    dns = Dns({})
    await find_caa(dns.ask, name, wildcard=False)

    assert dns.asked == ["a.test", "test"]


async def test_a_failing_server_says_nothing():
    """SERVFAIL is no record and no absence of records."""
    with pytest.raises(NetError) as caught:
        await find_caa(Dns({}, rcode="SERVFAIL").ask, "a.test", wildcard=False)

    assert caught.value.failure.kind is Kind.RESOLVE_SERVFAIL
