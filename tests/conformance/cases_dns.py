"""DNS cases: response codes, every rule in every section, types, classes, transports."""

from typing import Any

from tests.conformance import ports
from tests.conformance.case import CA, Case, dns

SERVER = f"127.0.0.1:{ports.DNS}"
RULES = (
    "fail_if_matches_regexp",
    "fail_if_all_match_regexp",
    "fail_if_not_matches_regexp",
    "fail_if_none_matches_regexp",
)


def _case(
    name: str,
    label: str,
    kind: str = "A",
    *,
    target: str = SERVER,
    success: bool = True,
    delay: float = 0.0,
    differs: tuple[str, ...] = (),
    **options: Any,
) -> Case:
    owner = "example.id" if label == "@" else f"{label}.example.id"
    module = dns(owner, kind, **options)
    return Case(
        name=f"dns_{name}",
        module=module,
        target=target,
        success=success,
        delay=delay,
        differs=differs,
    )


def _rule(
    name: str, label: str, rule: str, *regexps: str, success: bool, section: str = "answer"
) -> Case:
    options = {f"validate_{section}_rrs": {rule: list(regexps)}}
    return _case(name, label, success=success, **options)


CODES = (
    _case("plain", "www"),
    _case("nothing", "none"),
    _case("nx", "nx", success=False),
    _case("nx_wanted", "nx", valid_rcodes=["NXDOMAIN"]),
    _case("nx_or_fine", "www", valid_rcodes=["NXDOMAIN", "NOERROR"]),
    _case("servfail", "servfail", success=False),
    _case("refused", "refused", success=False),
    _case("refused_wanted", "refused", valid_rcodes=["REFUSED"]),
    _case("fine_unwanted", "www", valid_rcodes=["SERVFAIL"], success=False),
    _case("notimp", "notimp", valid_rcodes=["NOTIMP"]),
)
ALL, NONE, SOME = "192\\.0\\.2\\.", "203\\.0\\.113\\.", "192\\.0\\.2\\.7$"
ANSWER = tuple(
    _rule(f"{rule.removeprefix('fail_if_')}_{name}", "www", rule, regexp, success=success)
    for rule, verdicts in zip(
        RULES,
        ((False, True, False), (True, False, False), (True, False, False), (True, False, True)),
        strict=True,
    )
    for (name, regexp), success in zip(
        (("every", ALL), ("none", NONE), ("some", SOME)), verdicts, strict=True
    )
)
EMPTY = tuple(
    _rule(f"{rule.removeprefix('fail_if_')}_empty", "none", rule, ALL, success=success)
    for rule, success in zip(RULES, (True, True, False, False), strict=True)
)
SECTIONS = tuple(
    _rule(f"{section}_{rule.removeprefix('fail_if_')}", "full", rule, regexp, section=section, success=success)
    for section, regexp, verdicts in (
        ("authority", "ns1\\.", (False, False, False, True)),
        ("additional", "192\\.0\\.2\\.", (False, False, False, True)),
    )
    for rule, success in zip(RULES, verdicts, strict=True)
)  # fmt: skip
TWO_RULES = (
    _rule("matches_two", "www", RULES[0], NONE, SOME, success=False),
    _rule("none_matches_two", "www", RULES[3], NONE, SOME, success=True),
    _rule("not_matches_two", "www", RULES[2], ALL, SOME, success=False),
    _case("two_sections", "full", validate_answer_rrs={RULES[2]: [ALL]}, validate_authority_rrs={RULES[0]: ["ns2"]}, success=False),
    _case("rcode_before_rules", "refused", validate_answer_rrs={RULES[2]: [ALL]}, success=False),
)  # fmt: skip
# The whole line of each type, as Go's library writes it.
LINES = (
    ("a", "one", "A", "^one\\.example\\.id\\.\\t300\\tIN\\tA\\t192\\.0\\.2\\.7$"),
    ("aaaa", "www", "AAAA", "^www\\.example\\.id\\.\\t300\\tIN\\tAAAA\\t2001:db8::7$"),
    ("aaaa_mapped", "mapped", "AAAA", "\\tAAAA\\t(::ffff:)?192\\.0\\.2\\.7$"),
    ("cname", "alias", "CNAME", "^alias\\.example\\.id\\.\\t60\\tIN\\tCNAME\\twww\\.example\\.id\\.$"),
    ("mx", "@", "MX", "^example\\.id\\.\\t300\\tIN\\tMX\\t(10 Mail|20 mail2)\\.example\\.id\\.$"),
    ("ns", "@", "NS", "^example\\.id\\.\\t300\\tIN\\tNS\\tns[12]\\.example\\.id\\.$"),
    ("soa", "@", "SOA", "^example\\.id\\.\\t300\\tIN\\tSOA\\tns1\\.example\\.id\\. hostmaster\\.example\\.id\\. 2026110701 3600 600 604800 300$"),
    ("txt", "@", "TXT", '^example\\.id\\.\\t300\\tIN\\tTXT\\t("v=spf1 -all"|"first " "se\\\\"cond" "\\\\007\\\\200;")$'),
    ("caa", "@", "CAA", '\\tCAA\\t0 issue "letsencrypt\\.org; a=b"$'),
    ("srv", "_sip._tcp", "SRV", "^_sip\\._tcp\\.example\\.id\\.\\t300\\tIN\\tSRV\\t0 5 5060 www\\.example\\.id\\.$"),
    ("ptr", "7", "PTR", "\\tPTR\\twww\\.example\\.id\\.$"),
    ("tlsa", "_443._tcp", "TLSA", "\\tTLSA\\t3 1 1 (ab){32}$"),
    ("sshfp", "ssh", "SSHFP", "\\tSSHFP\\t4 2 (CD){32}$"),
    ("naptr", "naptr", "NAPTR", '\\tNAPTR\\t100 10 "u" "E2U\\+sip" "!\\^\\.\\*\\$!sip:a@b!" \\.$'),
    ("hinfo", "host", "HINFO", '\\tHINFO\\t"PC" "Linux x"$'),
    ("dnskey", "key", "DNSKEY", "\\tDNSKEY\\t257 3 13 (aGFs){16}$"),
    ("ds", "ds", "DS", "\\tDS\\t12345 13 2 (EF){32}$"),
    ("https", "svc", "HTTPS", '\\tHTTPS\\t1 \\. alpn="h2,h3" port="8443"$'),
    ("loc", "loc", "LOC", "\\tLOC\\t05 08 0\\.000 S 119 25 0\\.000 E 10m 1m 10000m 10m$"),
    ("upper", "UPPER", "A", "^UPPER\\.example\\.id\\."),
    ("wildcard", "\\*.wild", "A", "^\\*\\.wild\\.example\\.id\\.\\t300\\tIN\\tA\\t192\\.0\\.2\\.10$"),
    ("any", "any", "ANY", '^any\\.example\\.id\\.\\t300\\tIN\\t(A\\t192\\.0\\.2\\.7|TXT\\t"semua")$'),
)  # fmt: skip
TYPES = tuple(
    _case(f"line_{name}", label, kind, validate_answer_rrs={RULES[2]: [regexp]})
    for name, label, kind, regexp in LINES
)
TTL = (
    _case("ttl", "mixed", validate_answer_rrs={RULES[0]: ["\\t60\\tIN\\tA"]}, success=False),
    _case("cname_chain", "alias", validate_answer_rrs={RULES[3]: ["CNAME"]}),
    _case("cname_chain_address", "alias", validate_answer_rrs={RULES[2]: ["\\tA\\t"]}, success=False),
)  # fmt: skip
QUESTIONS = (
    _case("soa_serial", "@", "SOA"),
    _case("soa_missing", "none", "SOA"),
    _case("soa_refused", "refused", "SOA", success=False),
    _case("soa_timeout", "silent", "SOA", timeout="500ms", success=False, delay=0.5),
    _case("class_chaos", "chaos", "TXT", query_class="CH", validate_answer_rrs={RULES[2]: ['\\t0\\tCH\\tTXT\\t"v1"$']}),
    _case("recursion", "recursion", validate_answer_rrs={RULES[2]: [ALL]}),
    _case("recursion_off", "recursion", recursion_desired=False, validate_answer_rrs={RULES[2]: [ALL]}, success=False),
    _case("no_edns", "edns", validate_answer_rrs={RULES[2]: [SOME]}),
    _case("query_name_dot", "www", success=True),
)  # fmt: skip
WAYS = (
    _case("tcp", "www", transport_protocol="tcp"),
    _case("tcp_full", "full", transport_protocol="tcp"),
    _case("dot", "www", transport_protocol="tcp", dns_over_tls=True, target=f"{'makassarkota.test'}:{ports.DNS_OVER_TLS}", tls_config={"ca_file": CA}),
    _case("dot_untrusted", "www", transport_protocol="tcp", dns_over_tls=True, target=f"makassarkota.test:{ports.DNS_OVER_TLS_UNTRUSTED}", tls_config={"ca_file": CA}, success=False),
    _case("dot_insecure", "www", transport_protocol="tcp", dns_over_tls=True, target=f"127.0.0.1:{ports.DNS_OVER_TLS_UNTRUSTED}", tls_config={"insecure_skip_verify": True}),
    _case("dot_name_wrong", "www", transport_protocol="tcp", dns_over_tls=True, target=f"makassarkota.test:{ports.DNS_OVER_TLS}", tls_config={"ca_file": CA, "server_name": "lain.test"}, success=False),
    _case("late", "late", delay=0.3),
    _case("silent", "silent", timeout="500ms", success=False, delay=0.5),
    _case("silent_tcp", "silent", transport_protocol="tcp", timeout="500ms", success=False, delay=0.5),
    _case("garbage", "garbage", timeout="700ms", success=False, differs=("waits-on-after-garbage",)),
    _case("stranger", "stranger", timeout="700ms", success=False),
    _case("truncated", "truncated", differs=("truncated-asked-again",)),
    _case("truncated_tcp", "truncated", transport_protocol="tcp"),
    _case("closed_tcp", "www", transport_protocol="tcp", target=f"127.0.0.1:{ports.NO_DNS}", success=False),
    _case("closed_udp", "www", target=f"127.0.0.1:{ports.NO_DNS}", success=False),
    _case("default_port", "www", target="127.0.0.1"),
    _case("default_port_six", "www", target="::1"),
    _case("by_name", "www", target=f"both.test:{ports.DNS}"),
    _case("by_name_four", "www", target=f"both.test:{ports.DNS}", preferred_ip_protocol="ip4"),
    _case("by_name_six_missing", "www", target=f"four.test:{ports.DNS}", ip_protocol_fallback=False, success=False),
    _case("unknown_server", "www", target="missing.test:53", success=False),
    _case("six", "www", target=f"[::1]:{ports.DNS}"),
)  # fmt: skip
KNOT = tuple(
    _case(f"knot_{kind.lower()}_{label.replace('@', 'top')}", label, kind, target=f"127.0.0.1:{ports.KNOT}", success=success)
    for kind, label, success in (
        ("A", "www", True),
        ("SOA", "@", True),
        ("MX", "@", True),
        ("TXT", "@", True),
        ("A", "alias", True),
        ("A", "gone", False),
        ("ANY", "@", True),
    )
)  # fmt: skip
CASES = (*CODES, *ANSWER, *EMPTY, *SECTIONS, *TWO_RULES, *TYPES, *TTL, *QUESTIONS, *WAYS, *KNOT)
