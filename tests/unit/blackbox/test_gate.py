import pytest

from monitor.blackbox.gate import allowed
from monitor.blackbox.modules import Module
from monitor.probes.dns.spec import DnsSpec

ALLOWED = allowed(
    [
        "https://portal.example.id/login?from=a",
        "http://[2001:db8::7]:8080/",
        "10.0.0.9:5432",
        "10.0.0.53",
        "mail.example.id:25",
        "makassar.example.id/A",
    ]
)


def refusal(prober, target, hostname=""):
    return ALLOWED.refusal(Module.model_validate({"prober": prober}), target, hostname)


@pytest.mark.parametrize(
    ("prober", "target"),
    [
        ("http", "https://portal.example.id/login?from=a"),
        ("http", "https://PORTAL.example.id:443/login?from=a"),
        ("http", "http://[2001:db8:0::7]:8080"),
        ("http", "[2001:db8::7]:8080"),
        ("tcp", "10.0.0.9:5432"),
        ("tcp", "portal.example.id:443"),
        ("tcp", "Mail.example.id:25"),
        ("tcp", "[2001:db8::7]:8080"),
        ("dns", "10.0.0.53"),
        ("dns", "10.0.0.53:53"),
        ("grpc", "portal.example.id:443"),
        ("grpc", "http://10.0.0.9:5432/x"),
        ("grpc", "[2001:db8::7]:8080"),
        ("icmp", "portal.example.id"),
        ("icmp", "2001:db8::7"),
        ("icmp", "10.0.0.9"),
    ],
)
def test_target_of_a_check(prober, target):
    """What an enabled check dials may be probed, however it is spelt."""
    assert refusal(prober, target) is None


@pytest.mark.parametrize(
    ("prober", "target"),
    [
        ("http", "https://portal.example.id/"),
        ("http", "https://portal.example.id/login"),
        ("http", "https://portal.example.id/login?from=b"),
        ("http", "http://portal.example.id/login?from=a"),
        ("http", "portal.example.id/login?from=a"),
        ("http", "https://portal.example.id:8443/login?from=a"),
        ("http", "https://a:b@portal.example.id/login?from=a"),
        ("http", "https://portal.example.id@evil.example/login?from=a"),
        ("http", "https://portal.example.id\\@evil.example/login?from=a"),
        ("http", "http://169.254.169.254/"),
        ("http", "file:///etc/passwd"),
        ("http", "10.0.0.9:5432"),
        ("tcp", "10.0.0.9"),
        ("tcp", "10.0.0.9:22"),
        ("tcp", "10.0.0.9:05432x"),
        ("tcp", "0x0a000009:5432"),
        ("tcp", "portal.example.id"),
        ("dns", "10.0.0.9"),
        ("dns", "makassar.example.id"),
        ("grpc", "portal.example.id"),
        ("grpc", "10.0.0.9:22"),
        ("grpc", "https://10.0.0.9:5432@evil.example:5432"),
        ("grpc", "http://[::1"),
        ("icmp", "10.0.0.10"),
        ("icmp", "127.1"),
        ("icmp", "makassar.example.id"),
        ("icmp", ""),
    ],
)
def test_anything_else(prober, target):
    """Another path, port, host or spelling than a check's is refused, in a sentence."""
    assert "none of an enabled check" in refusal(prober, target)


def test_hostname_is_one_of_a_check():
    """A hostname leads to another virtual host, so it must be a check's host as well."""
    target = "https://portal.example.id/login?from=a"

    assert refusal("http", target, "mail.example.id") is None
    assert "hostname" in refusal("http", target, "intern.example.id")


def test_no_checks_no_targets():
    """Without checks nothing may be probed."""
    assert allowed([]).refusal(Module.model_validate({"prober": "icmp"}), "127.0.0.1", "")


def test_http3_has_its_own_scheme():
    """A target without a scheme is https where the module speaks HTTP/3, as the prober has it."""
    http = {"enable_http3": True, "enable_http2": False, "valid_http_versions": ["HTTP/3.0"]}
    module = Module.model_validate({"prober": "http", "http": http})

    assert ALLOWED.refusal(module, "portal.example.id/login?from=a", "") is None


DNS = {"query_name": "example.id"}
OVER_TLS = DNS | {"dns_over_tls": True, "transport_protocol": "tcp"}


@pytest.mark.parametrize(
    ("server", "settings", "target", "taken"),
    [
        ("10.0.0.53", DNS, "10.0.0.53", True),
        ("10.0.0.53:5353", DNS, "10.0.0.53:5353", True),
        ("10.0.0.53:5353", DNS, "10.0.0.53", False),
        ("2001:db8::53", DNS, "[2001:db8::53]:53", True),
        ("tls://10.0.0.53", OVER_TLS, "10.0.0.53", True),
        ("tls://10.0.0.53", DNS, "10.0.0.53", False),
        ("10.0.0.53", OVER_TLS, "10.0.0.53", False),
        ("10.0.0.53", DNS, "10.0.0.54", False),
    ],
)
def test_name_server_of_a_dns_check(server, settings, target, taken):
    """The servers of a dns check may be asked, at the port that the module dials."""
    spec = DnsSpec.model_validate({"name": "example.id", "nameservers": [server]})
    module = Module.model_validate({"prober": "dns", "dns": settings})

    assert (allowed(spec.probed()).refusal(module, target, "") is None) is taken


def test_resolver_of_our_own_is_no_target():
    """A dns check without servers of its own lets nothing be probed."""
    assert DnsSpec.model_validate({"name": "example.id"}).probed() == ()
