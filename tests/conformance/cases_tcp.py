"""TCP and ICMP cases: dialogues, STARTTLS, TLS, addresses; echoes."""

from typing import Any

from tests.conformance import ports
from tests.conformance.case import CA, Case, icmp, tcp

NAME = "makassarkota.test"
TRUSTED = {"ca_file": CA}
UNVERIFIED = {"insecure_skip_verify": True}
SEEN = ("certificate-of-failed-handshake",)
NO_CHAIN = ("expiry-without-chain",)


def _case(
    name: str,
    port: int,
    *steps: dict[str, Any],
    host: str = "127.0.0.1",
    success: bool = True,
    delay: float = 0.0,
    differs: tuple[str, ...] = (),
    hostname: str = "",
    **options: Any,
) -> Case:
    if steps:
        options["query_response"] = list(steps)
    return Case(
        name=f"tcp_{name}",
        module=tcp(**options),
        target=f"{host}:{port}",
        success=success,
        delay=delay,
        differs=differs,
        hostname=hostname,
    )


PLAIN = (
    _case("connect", ports.SSH),
    _case("closed", ports.CLOSED, success=False),
    _case("six", ports.HTTP, host="[::1]"),
    _case("by_name", ports.HTTP, host="both.test"),
    _case("by_name_four", ports.HTTP, host="both.test", preferred_ip_protocol="ip4"),
    _case("no_second_try", ports.HTTP_FOUR_ONLY, host="both.test", success=False),
    _case("six_missing", ports.HTTP, host="four.test", ip_protocol_fallback=False, success=False),
    _case("unknown", 80, host="missing.test", success=False),
    _case("unreachable", 80, host="unreachable.test", success=False),
    _case("vanishing", 80, host=ports.VANISHING, timeout="500ms", success=False, delay=0.5),
    Case(name="tcp_without_port", module=tcp(), target="127.0.0.1", success=False),
    Case(
        name="tcp_bad_port",
        module=tcp(),
        target="127.0.0.1:99999",
        success=False,
        differs=("no-look-up-in-vain",),
    ),
    Case(name="tcp_bare_six", module=tcp(), target="::1", success=False),
    _case("source", ports.SSH, source_ip_address="127.0.0.9"),
)
GREETING = {"expect": "^SSH-2.0-"}
DIALOGUES = (
    _case("banner", ports.SSH, GREETING),
    _case("banner_and_answer", ports.SSH, GREETING, {"send": "SSH-2.0-kami"}),
    _case("banner_wrong", ports.SSH, {"expect": "^SSH-1"}, timeout="500ms", success=False, delay=0.5),
    _case("banner_wrong_and_closed", ports.BINARY, {"expect": "^nobody"}, success=False),
    _case("slow_banner", ports.SLOW_BANNER, GREETING, delay=0.3),
    _case("silent", ports.SILENT, GREETING, timeout="500ms", success=False, delay=0.5),
    _case("closing", ports.CLOSING, GREETING, success=False),
    _case("closing_without_words", ports.CLOSING),
    _case("chat", ports.IRC, {"send": "NICK kami"}, {"send": "USER kami"}, {"expect": "^PING :(\\d+)", "send": "PONG ${1}"}, {"expect": "^:[^ ]+ 001"}),
    _case("chat_dollar", ports.IRC, {"send": "NICK kami"}, {"send": "USER kami"}, {"expect": "^PING :(?P<angka>\\d+)", "send": "PONG ${angka}"}, {"expect": " 001 "}),
    _case("chat_wrong", ports.IRC, {"send": "NICK kami"}, {"send": "USER kami"}, {"expect": "^PING :(\\d+)", "send": "PONG 1"}, {"expect": " 001 "}, success=False),
    _case("chat_no_group", ports.IRC, {"send": "NICK kami"}, {"send": "USER kami"}, {"expect": "^PING", "send": "PONG ${1}"}, {"expect": " 001 "}, success=False),
    _case("echo", ports.ECHO, {"send": "apa kabar"}, {"expect": "^apa kabar$"}),
    _case("echo_two_lines", ports.ECHO, {"send": "satu\ndua"}, {"expect": "^dua$"}),
    _case("echo_expanded_dollar", ports.ECHO, {"send": "$$5"}, {"expect": "^\\$5$"}, timeout="700ms", success=False, delay=0.7),
    _case("skips_lines", ports.SMTP, {"expect": "^220"}, {"send": "EHLO kami"}, {"expect": "^250 SIZE"}),
    _case("line_end_dropped", ports.SMTP, {"expect": "ready$"}),
    _case("no_utf8", ports.BINARY, {"expect": "caf"}),
    _case("last_line", ports.BINARY, {"expect": "^last words$"}),
    _case("long_line", ports.LONG_LINE, {"expect": "^ready$"}, success=False),
    _case("nothing_expected", ports.SSH, {"send": "halo"}),
)  # fmt: skip
STARTTLS = (
    {"expect": "^220"},
    {"send": "EHLO kami\r"},
    {"expect": "^250[- ]STARTTLS"},
    {"send": "STARTTLS\r"},
    {"expect": "^220"},
    {"starttls": True},
    {"send": "EHLO kami\r"},
    {"expect": "^250 SIZE"},
    {"send": "QUIT\r"},
)
SECURE = (
    _case("tls", ports.TLS_BANNER, GREETING, host=NAME, tls=True, tls_config=TRUSTED),
    _case("tls_alone", ports.TLS_BANNER, host=NAME, tls=True, tls_config=TRUSTED),
    _case("tls_by_address", ports.TLS_BANNER, tls=True, tls_config=TRUSTED),
    _case("tls_untrusted", ports.TLS_BANNER, host=NAME, tls=True, success=False, differs=SEEN),
    _case("tls_expired", ports.TLS_BANNER_EXPIRED, host=NAME, tls=True, tls_config=TRUSTED, success=False, differs=SEEN),
    _case("tls_insecure", ports.TLS_BANNER_EXPIRED, host=NAME, tls=True, tls_config=UNVERIFIED, differs=NO_CHAIN),
    _case("tls_server_name", ports.TLS_BANNER, tls=True, tls_config={**TRUSTED, "server_name": NAME}),
    _case("tls_server_name_wrong", ports.TLS_BANNER, tls=True, tls_config={**TRUSTED, "server_name": "lain.test"}, success=False, differs=SEEN),
    _case("tls_hostname", ports.TLS_BANNER, tls=True, tls_config=TRUSTED, hostname=NAME),
    _case("tls_hostname_wrong", ports.TLS_BANNER, tls=True, tls_config=TRUSTED, hostname="lain.test", differs=("hostname-for-tcp",)),
    _case("tls_floor", ports.TLS12_ONLY, host=NAME, tls=True, tls_config={**TRUSTED, "min_version": "TLS13"}, success=False),
    _case("tls_not_there", ports.SSH, host=NAME, tls=True, tls_config=TRUSTED, success=False),
    _case("starttls", ports.SMTP, *STARTTLS, host=NAME, tls_config=TRUSTED),
    _case("starttls_by_address", ports.SMTP, *STARTTLS, tls_config=TRUSTED),
    _case("starttls_untrusted", ports.SMTP, *STARTTLS, host=NAME, success=False, differs=SEEN),
    _case("starttls_expired", ports.SMTP_EXPIRED, *STARTTLS, host=NAME, tls_config=TRUSTED, success=False, differs=SEEN),
    _case("starttls_insecure", ports.SMTP_EXPIRED, *STARTTLS, host=NAME, tls_config=UNVERIFIED, differs=NO_CHAIN),
)  # fmt: skip


def _echo(name: str, target: str, *, success: bool = True, **keys: Any) -> Case:
    kept = {key: keys.pop(key) for key in ("delay", "differs") if key in keys}
    return Case(name=f"icmp_{name}", module=icmp(**keys), target=target, success=success, **kept)


ECHOES = (
    _echo("four", "127.0.0.1"),
    _echo("six", "::1"),
    _echo("by_name", "both.test"),
    _echo("by_name_four", "both.test", preferred_ip_protocol="ip4"),
    _echo("falls_back", "four.test"),
    _echo("six_missing", "four.test", ip_protocol_fallback=False, success=False),
    _echo("payload", "127.0.0.1", payload_size=1200),
    _echo("payload_large", "127.0.0.1", payload_size=20_000),
    _echo("dont_fragment", "127.0.0.1", preferred_ip_protocol="ip4", dont_fragment=True),
    _echo("ttl", "127.0.0.1", ttl=1),
    _echo("ttl_six", "::1", ttl=7),
    _echo("source", "127.0.0.1", source_ip_address="127.0.0.9"),
    _echo("unreachable", ports.UNREACHABLE, success=False),
    _echo("vanishing", ports.VANISHING, timeout="500ms", success=False, delay=0.5),
    _echo("unknown", "missing.test", success=False),
    _echo("with_port", "127.0.0.1:80", success=False),
)
CASES = (*PLAIN, *DIALOGUES, *SECURE, *ECHOES)
