"""All targets of the comparison."""

import ssl
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from socket import create_connection

from tests.certificates import Issued, issue, leaf, write_chain, write_root
from tests.conformance import nametargets, ports, talktargets, webtargets
from tests.conformance.grpctargets import start_grpc
from tests.conformance.proxytarget import proxy, refusing
from tests.dnsservers import ZONE
from tests.peers import peer

_NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; user root;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; default_type text/plain;
  client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2; fastcgi_temp_path {folder}/n3;
  uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {folder}/good.pem; ssl_certificate_key {folder}/good.key;
    location / {{ return 200 "over $server_protocol\\n"; }}
    location /moved {{ return 302 /ok; }}
    location /missing {{ return 404 "no\\n"; }}
  }}
}}
"""
_KNOT = """\
server:
    rundir: "{folder}/knot"
    listen: 127.0.0.1@{port}
    listen: ::1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    version: "kota"
database:
    storage: "{folder}/knot/db"
log:
  - target: stderr
    any: warning
zone:
  - domain: example.id
    file: "{folder}/knot/example.id.zone"
    zonefile-sync: -1
"""


def presented() -> dict[str, tuple[Issued, bool]]:
    """Return what servers present, and whether with the intermediate certificate."""
    return {
        "good": (leaf(), True),
        "expired": (leaf(days=(-60, -2), label="expired"), True),
        "future": (leaf(days=(2, 60), label="future"), True),
        "self": (issue(names=("makassarkota.test", "localhost", "127.0.0.1"), label="self"), False),
        "other": (leaf(subject="lain.test", names=("lain.test", "www.lain.test")), True),
        "bare": (leaf(label="bare"), False),
        "rsa": (leaf(kind="rsa", label="rsa"), True),
        "client": (leaf(subject="pantau", names=("pantau.test",)), True),
    }


def write_certificates(folder: Path) -> None:
    """Write every chain and key, the root, and a second root that vouches for none of them."""
    for name, (issued, whole) in presented().items():
        write_chain(folder, name, issued, with_intermediate=whole)
    write_root(folder)
    stranger = issue(subject="Stranger", names=(), authority=True, label="stranger")
    (folder / "stranger.pem").write_bytes(stranger.pem())


def context(folder: Path, name: str, **options: object) -> ssl.SSLContext:
    """Return a server's TLS context. `options` are attributes of it."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    for option, value in options.items():
        setattr(made, option, value)
    return made


def start_fleet(folder: Path, stack: ExitStack) -> None:
    """Start every target; those that are programs end with `stack`."""
    write_certificates(folder)
    _start_web(folder)
    _start_names(folder)
    _start_talkers(folder)
    start_grpc(folder, stack)
    _start_programs(folder, stack)


def _start_web(folder: Path) -> None:
    talk = webtargets.web
    for host in ("127.0.0.1", "::1"):
        webtargets.serve(ports.HTTP, talk, host=host)
    webtargets.serve(ports.HTTP_FOUR_ONLY, talk)
    webtargets.serve(ports.HTTP_SIX_ONLY, talk, host="::1")
    webtargets.serve(ports.NOT_TLS, webtargets.no_tls)
    webtargets.serve(ports.PROXY, proxy)
    webtargets.serve(ports.PROXY_REFUSING, refusing)
    version = ssl.TLSVersion
    for port, name, options in (
        (ports.GOOD, "good", {}),
        (ports.EXPIRED, "expired", {}),
        (ports.NOT_YET_VALID, "future", {}),
        (ports.SELF_SIGNED, "self", {}),
        (ports.OTHER_NAME, "other", {}),
        (ports.WITHOUT_INTERMEDIATE, "bare", {}),
        (ports.RSA, "rsa", {}),
        (ports.TLS12_ONLY, "good", {"maximum_version": version.TLSv1_2}),
        (ports.TLS13_ONLY, "good", {"minimum_version": version.TLSv1_3}),
    ):
        webtargets.serve(port, talk, tls=context(folder, name, **options))
    old = context(folder, "good", minimum_version=version.TLSv1, maximum_version=version.TLSv1)
    old.set_ciphers("ALL:@SECLEVEL=0")
    webtargets.serve(ports.TLS10_ONLY, talk, tls=old)
    mutual = context(folder, "good", verify_mode=ssl.CERT_REQUIRED)
    mutual.load_verify_locations(folder / "root.pem")
    webtargets.serve(ports.MUTUAL, talk, tls=mutual)


def _start_names(folder: Path) -> None:
    for port in (53, ports.DNS):
        nametargets.serve_udp(port)
        nametargets.serve_tcp(port)
    nametargets.serve_tcp(ports.DNS, host="::1")
    nametargets.serve_tcp(ports.DNS_OVER_TLS, tls=context(folder, "good"))
    nametargets.serve_tcp(ports.DNS_OVER_TLS_UNTRUSTED, tls=context(folder, "self"))


def _start_talkers(folder: Path) -> None:
    good, expired = context(folder, "good"), context(folder, "expired")
    for port, talk in (
        (ports.SSH, talktargets.banner),
        (ports.SLOW_BANNER, talktargets.slow_banner),
        (ports.SMTP, talktargets.smtp(good)),
        (ports.SMTP_EXPIRED, talktargets.smtp(expired)),
        (ports.IRC, talktargets.chat),
        (ports.ECHO, talktargets.echo),
        (ports.SILENT, talktargets.silent),
        (ports.CLOSING, talktargets.closing),
        (ports.LONG_LINE, talktargets.long_line),
        (ports.BINARY, talktargets.binary),
    ):
        webtargets.serve(port, talk)
    webtargets.serve(ports.TLS_BANNER, talktargets.banner, tls=good)
    webtargets.serve(ports.TLS_BANNER_EXPIRED, talktargets.banner, tls=expired)


def _start_programs(folder: Path, stack: ExitStack) -> None:
    (folder / "knot").mkdir()
    (folder / "knot/example.id.zone").write_text(ZONE)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=ports.HTTP2))
    (folder / "knot.conf").write_text(_KNOT.format(folder=folder, port=ports.KNOT))
    nginx = [peer("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    knot = [peer("knotd"), "-c", str(folder / "knot.conf")]
    for command, port in ((nginx, ports.HTTP2), (knot, ports.KNOT)):
        with (folder / "programs.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        _await(port, process)


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")
