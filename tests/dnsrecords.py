"""Records of every type, with the two forms in which their values are written.

Each is what a zone file holds, the canonical text that checks compare, and the value in the
line that blackbox_exporter's rules match.
"""

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

_SIGNATURE = (
    "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="
)
_SHA256 = "123456789abcdef67890123456789abcdef67890123456789abcdef123456789"
_SHA384 = "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c"
_HASH = "2t7b4g4vsa5smi47k61mv5bv1a22bojr"

RECORDS: list[tuple[str, str, str, str]] = [
    ("A", "192.0.2.7", "192.0.2.7", "192.0.2.7"),
    ("AAAA", "2001:DB8::7", "2001:db8::7", "2001:db8::7"),
    ("AAAA", "::", "::", "::"),
    ("CNAME", "WWW.Example.id.", "www.example.id", "WWW.Example.id."),
    ("NS", "ns1.Example.id.", "ns1.example.id", "ns1.Example.id."),
    ("PTR", ".", ".", "."),
    ("DNAME", "Other.id.", "other.id", "Other.id."),
    ("MX", "10 Mail.example.id.", "10 mail.example.id", "10 Mail.example.id."),
    ("AFSDB", "1 Afs.example.id.", "1 afs.example.id", "1 Afs.example.id."),
    ("KX", "10 Kx.example.id.", "10 kx.example.id", "10 Kx.example.id."),
    ("RP", "Mbox.id. txt.id.", "mbox.id txt.id", "Mbox.id. txt.id."),
    ("SRV", "0 5 443 Host.example.id.", "0 5 443 host.example.id", "0 5 443 Host.example.id."),
    (
        "SOA",
        r"A.id. b\.x.c.id. 1 2 3 4 4294967295",
        r"a.id b\.x.c.id 1 2 3 4 4294967295",
        r"A.id. b\.x.c.id. 1 2 3 4 4294967295",
    ),
    ("TXT", r'"a b" "" "c\"d\\e;f"', r'a bc"d\e;f', r'"a b" "" "c\"d\\e;f"'),
    ("TXT", r'"\195\169\255"', "é\N{REPLACEMENT CHARACTER}", r'"\195\169\255"'),
    ("SPF", '"v=spf1 -all"', "v=spf1 -all", '"v=spf1 -all"'),
    ("HINFO", '"PC x" Linux', '"PC x" "Linux"', '"PC x" "Linux"'),
    (
        "CAA",
        '128 Issue "letsencrypt.org; x=1"',
        "128 issue letsencrypt.org; x=1",
        '128 Issue "letsencrypt.org; x=1"',
    ),
    ("URI", '10 1 "https://www.id/a b"', "10 1 https://www.id/a b", '10 1 "https://www.id/a b"'),
    ("DS", f"12345 13 2 {_SHA256}", f"12345 13 2 {_SHA256}", f"12345 13 2 {_SHA256.upper()}"),
    ("CDS", "0 0 0 00", "0 0 0 00", "0 0 0 00"),
    ("DNSKEY", f"257 3 13 {_SIGNATURE}", f"257 3 13 {_SIGNATURE}", f"257 3 13 {_SIGNATURE}"),
    ("CDNSKEY", "0 3 0 AA==", "0 3 0 AA==", "0 3 0 AA=="),
    ("SSHFP", f"4 2 {_SHA256}", f"4 2 {_SHA256}", f"4 2 {_SHA256.upper()}"),
    ("TLSA", f"3 1 1 {_SHA256.upper()}", f"3 1 1 {_SHA256}", f"3 1 1 {_SHA256}"),
    ("SMIMEA", f"3 1 1 {_SHA256}", f"3 1 1 {_SHA256}", f"3 1 1 {_SHA256}"),
    (
        "ZONEMD",
        f"2018031500 1 1 {_SHA384}",
        f"2018031500 1 1 {_SHA384}",
        f"2018031500 1 1 {_SHA384}",
    ),
    (
        "NAPTR",
        '100 10 "u" "E2U+sip" "!^.*$!sip:info@id!" .',
        '100 10 "u" "E2U+sip" "!^.*$!sip:info@id!" .',
        '100 10 "u" "E2U+sip" "!^.*$!sip:info@id!" .',
    ),
    (
        "NAPTR",
        r'100 10 "" "" "\\1" Next.id.',
        r'100 10 "" "" "\\1" next.id',
        r'100 10 "" "" "\\1" Next.id.',
    ),
    (
        "RRSIG",
        f"A 13 3 300 20261201000000 20261101000000 12345 Example.id. {_SIGNATURE}",
        f"A 13 3 300 20261201000000 20261101000000 12345 example.id {_SIGNATURE}",
        f"A 13 3 300 20261201000000 20261101000000 12345 Example.id. {_SIGNATURE}",
    ),
    (
        "NSEC",
        "B.example.id. A NS TXT RRSIG NSEC CAA TYPE65280",
        "b.example.id A NS TXT RRSIG NSEC CAA TYPE65280",
        "B.example.id. A NS TXT RRSIG NSEC CAA TYPE65280",
    ),
    (
        "NSEC3",
        f"1 1 12 aabbccdd {_HASH} MX RRSIG",
        f"1 1 12 aabbccdd {_HASH} MX RRSIG",
        f"1 1 12 AABBCCDD {_HASH.upper()} MX RRSIG",
    ),
    ("NSEC3", f"1 0 0 - {_HASH} A", f"1 0 0 - {_HASH} A", f"1 0 0 - {_HASH.upper()} A"),
    ("NSEC3PARAM", "1 0 10 AABB", "1 0 10 aabb", "1 0 10 AABB"),
    ("NSEC3PARAM", "1 0 10 -", "1 0 10 -", "1 0 10 -"),
    ("CSYNC", "66 3 A NS AAAA", "66 3 A NS AAAA", "66 3 A NS AAAA"),
    (
        "LOC",
        "5 8 33.25 S 119 24 36 E 10m",
        "05 08 33.250 S 119 24 36.000 E 10m 1m 10000m 10m",
        "05 08 33.250 S 119 24 36.000 E 10m 1m 10000m 10m",
    ),
    (
        "LOC",
        "51 30 12.748 N 0 7 39.612 W 0.5m 0.5m 100m 10m",
        "51 30 12.748 N 00 07 39.612 W 0.50m 0.50m 100m 10m",
        "51 30 12.748 N 00 07 39.612 W 0.50m 0.50m 100m 10m",
    ),
    (
        "HTTPS",
        "1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.7,192.0.2.8 ipv6hint=2001:DB8::7",
        "1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.7,192.0.2.8 ipv6hint=2001:db8::7",
        '1 . alpn="h2,h3" port="443" ipv4hint="192.0.2.7,192.0.2.8" ipv6hint="2001:db8::7"',
    ),
    ("HTTPS", "0 Pool.id.", "0 pool.id", "0 Pool.id."),
    (
        "SVCB",
        '1 dns.id. mandatory=alpn alpn=dot no-default-alpn key7="/dns-query{?dns}"',
        "1 dns.id mandatory=alpn alpn=dot no-default-alpn dohpath=/dns-query{?dns}",
        '1 dns.id. mandatory="alpn" alpn="dot" no-default-alpn="" dohpath="/dns-query{?dns}"',
    ),
    ("DHCID", "AAIBY2/AuCccgoJb", "AAIBY2/AuCccgoJb", "AAIBY2/AuCccgoJb"),
    ("OPENPGPKEY", "mDMEXA==", "mDMEXA==", "mDMEXA=="),
    ("EUI48", "00-00-5e-00-53-2a", "00-00-5e-00-53-2a", "00-00-5e-00-53-2a"),
    ("EUI64", "00-00-5e-ef-10-00-00-2a", "00-00-5e-ef-10-00-00-2a", "00-00-5e-ef-10-00-00-2a"),
    ("TYPE65280", r"\# 4 0A00FFAB", r"\# 4 0a00ffab", r"\# 4 0a00ffab"),
]


def reply_with(query: bytes, record: str, value: str, owner: str = "WWW.Owner.test.") -> bytes:
    """Return a reply that holds one record; names in it may be compressed."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked)
    reply.answer.append(dns.rrset.from_text(owner, 60, "IN", record, value))
    return reply.to_wire(max_size=65535)
