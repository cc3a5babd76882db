"""gRPC cases: what the health service answers, TLS, addresses."""

from typing import Any

from tests.conformance import ports
from tests.conformance.case import CA, Case, grpc

TRUSTED = {"ca_file": CA}
SEEN = ("certificate-of-failed-handshake",)
NONE_SEEN = ("expiry-without-tls",)


def _case(
    name: str,
    target: str = f"127.0.0.1:{ports.GRPC}",
    *,
    success: bool = True,
    differs: tuple[str, ...] = NONE_SEEN,
    **options: Any,
) -> Case:
    """Return a case. One that shows no certificate differs in the expiry date of none."""
    return Case(
        name=f"grpc_{name}",
        module=grpc(**options),
        target=target,
        success=success,
        differs=differs,
    )


ANSWERS = (
    _case("server"),
    _case("service", service="kota.Izin"),
    _case("not_serving", service="kota.Tutup", success=False),
    _case("unknown", service="kota.Baru", success=False),
    _case("service_unknown", service="kota.Lain", success=False),
    _case("not_found", service="kota.Entah", success=False),
    _case("unauthenticated", service="kota.Rahasia", success=False),
    _case("unimplemented", service="kota.Lama", success=False),
)
ADDRESSES = (
    _case("six", f"[::1]:{ports.GRPC}", success=False, differs=(*NONE_SEEN, "grpc-to-six")),
    _case("by_name", f"both.test:{ports.GRPC}"),
    _case("by_name_four", f"both.test:{ports.GRPC}", preferred_ip_protocol="ip4"),
    _case("six_missing", f"four.test:{ports.GRPC}", ip_protocol_fallback=False, success=False),
    _case("url", f"http://four.test:{ports.GRPC}/path?query"),
    _case("url_of_https", f"https://four.test:{ports.GRPC}"),
    _case("usual_port", "127.0.0.1", success=False),
    _case("no_name", f"missing.test:{ports.GRPC}", success=False),
    _case("closed", f"127.0.0.1:{ports.CLOSED}", success=False),
    _case("http1", f"127.0.0.1:{ports.HTTP}", success=False),
    _case("no_url", "http://[::1", success=False),
)
SECURE = (
    _case("tls", f"makassarkota.test:{ports.GRPC_TLS}", tls=True, tls_config=TRUSTED, differs=()),
    _case("tls_by_address", f"127.0.0.1:{ports.GRPC_TLS}", tls=True, tls_config=TRUSTED, differs=()),
    _case("tls_server_name", f"127.0.0.1:{ports.GRPC_TLS}", tls=True, tls_config=TRUSTED | {"server_name": "makassarkota.test"}, differs=()),
    _case("tls_insecure", f"makassarkota.test:{ports.GRPC_TLS_EXPIRED}", tls=True, tls_config={"insecure_skip_verify": True}, differs=()),
    _case("tls_not_serving", f"makassarkota.test:{ports.GRPC_TLS}", tls=True, tls_config=TRUSTED, service="kota.Tutup", success=False, differs=()),
    _case("tls_refused", f"makassarkota.test:{ports.GRPC_TLS}", tls=True, tls_config=TRUSTED, service="kota.Lama", success=False, differs=("certificate-of-failed-request",)),
    _case("tls_untrusted", f"makassarkota.test:{ports.GRPC_TLS}", tls=True, success=False, differs=SEEN),
    _case("tls_expired", f"makassarkota.test:{ports.GRPC_TLS_EXPIRED}", tls=True, tls_config=TRUSTED, success=False, differs=SEEN),
    _case("tls_wrong_name", f"four.test:{ports.GRPC_TLS}", tls=True, tls_config=TRUSTED, success=False, differs=SEEN),
    _case("tls_of_plain", f"127.0.0.1:{ports.GRPC}", tls=True, tls_config=TRUSTED, success=False),
    _case("plain_of_tls", f"127.0.0.1:{ports.GRPC_TLS}", success=False),
)  # fmt: skip
CASES = (*ANSWERS, *ADDRESSES, *SECURE)
