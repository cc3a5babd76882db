"""HTTP cases without TLS: statuses, headers, bodies, redirects, addresses, requests."""

from typing import Any

from tests.conformance import ports
from tests.conformance.case import FOLDER, Case, http

BASE = f"http://four.test:{ports.HTTP}"
BOTH = f"http://both.test:{ports.HTTP}"


def _case(name: str, path: str, *, success: bool = True, **keys: Any) -> Case:
    """Return a case at BASE; what is no key of a case is an option of the module."""
    kept = {key: keys.pop(key) for key in ("delay", "differs", "hostname") if key in keys}
    return Case(
        name=f"http_{name}", module=http(**keys), target=BASE + path, success=success, **kept
    )


def _header(header: str, regexp: str, **keys: Any) -> list[dict[str, Any]]:
    return [{"header": header, "regexp": regexp, **keys}]


STATUS = (
    Case(
        name="http_2xx", module=http(), target=f"{BASE}/ok"
    ),  # the module that is meant by default
    _case("plain", "/ok"),
    _case("status_404", "/status/404", success=False),
    _case("status_500", "/status/500", success=False),
    _case("status_299", "/status/299"),
    _case("status_204", "/status/204"),
    _case("status_304_alone", "/status/304", success=False),
    _case("status_wanted", "/status/404", valid_status_codes=[404, 410]),
    _case("status_unwanted", "/ok", valid_status_codes=[404, 410], success=False),
    _case("status_599", "/status/599", valid_status_codes=[599]),
    _case("version_11", "/ok", valid_http_versions=["HTTP/1.1"]),
    _case("version_10", "/old", valid_http_versions=["HTTP/1.0"]),
    _case("version_wrong", "/ok", valid_http_versions=["HTTP/1.0", "HTTP/2.0"], success=False),
    _case("version_short_name", "/ok", valid_http_versions=["1.1"], success=False),
    _case("version_37", "/raw/http3", differs=("unheard-of-version",)),
)
HEADERS = (
    _case("header_fails", "/headers", fail_if_header_matches=_header("X-Town", "Makass"), success=False),
    _case("header_second_value", "/headers", fail_if_header_matches=_header("x-town", "Pandang$"), success=False),
    _case("header_no_match", "/headers", fail_if_header_matches=_header("X-Town", "^Gowa")),
    _case("header_absent", "/headers", fail_if_header_matches=_header("X-None", "a"), success=False),
    _case("header_absent_allowed", "/headers", fail_if_header_matches=_header("X-None", "a", allow_missing=True)),
    _case("header_wanted", "/headers", fail_if_header_not_matches=_header("Content-Type", "utf-8")),
    _case("header_wanted_second", "/headers", fail_if_header_not_matches=_header("X-Town", "Pandang")),
    _case("header_unlike", "/headers", fail_if_header_not_matches=_header("X-Town", "Gowa"), success=False),
    _case("header_wanted_absent", "/headers", fail_if_header_not_matches=_header("X-None", "a"), success=False),
    _case("header_wanted_absent_allowed", "/headers", fail_if_header_not_matches=_header("X-None", "a", allow_missing=True)),
    _case("header_before_body", "/headers", fail_if_header_matches=_header("X-Town", "."), fail_if_body_matches_regexp=["Portal"], success=False),
    _case("status_before_header", "/status/500", fail_if_header_matches=_header("Connection", "."), fail_if_body_matches_regexp=["Portal"], success=False),
)  # fmt: skip
BODY = (
    _case("body_fails", "/ok", fail_if_body_matches_regexp=["semua layanan"], success=False),
    _case("body_second_rule", "/ok", fail_if_body_matches_regexp=["Gowa", "^Portal"], success=False),
    _case("body_no_match", "/ok", fail_if_body_matches_regexp=["Gowa"]),
    _case("body_wanted", "/ok", fail_if_body_not_matches_regexp=["Portal", "layanan"]),
    _case("body_unlike", "/ok", fail_if_body_not_matches_regexp=["Portal", "Gowa"], success=False),
    _case("body_both_kinds", "/ok", fail_if_body_matches_regexp=["Gowa"], fail_if_body_not_matches_regexp=["Kota"]),
    _case("body_case", "/ok", fail_if_body_not_matches_regexp=["(?i)PORTAL KOTA"]),
    _case("body_multiline_off", "/lines", fail_if_body_not_matches_regexp=["^second$"], success=False),
    _case("body_multiline_on", "/lines", fail_if_body_not_matches_regexp=["(?m)^second$"]),
    _case("body_dot_stops", "/lines", fail_if_body_not_matches_regexp=["first.second"], success=False),
    _case("body_dot_goes_on", "/lines", fail_if_body_not_matches_regexp=["(?s)first.second"]),
    _case("body_empty", "/empty", fail_if_body_not_matches_regexp=["^$"]),
    _case("body_empty_unlike", "/empty", fail_if_body_not_matches_regexp=["."], success=False),
    _case("body_no_utf8", "/latin", fail_if_body_not_matches_regexp=["caf. .. end"]),
    _case("body_no_utf8_octet", "/latin", fail_if_body_not_matches_regexp=["\\xe9"], success=False),
    _case("body_word_class", "/ok", fail_if_body_not_matches_regexp=["\\bKota\\s\\w+:"]),
    _case("body_posix_class", "/ok", fail_if_body_not_matches_regexp=["[[:upper:]][[:lower:]]+ Kota"]),
    _case("body_end", "/ok", fail_if_body_not_matches_regexp=["berjalan\\.\\n\\z"]),
    _case("body_of_404", "/missing", valid_status_codes=[404], fail_if_body_not_matches_regexp=["not here"]),
    _case("body_limit_kept", "/ok", body_size_limit="1KB"),
    _case("body_limit_passed", "/large", body_size_limit="10KB", success=False),
    _case("body_limit_exact", "/large", body_size_limit="200000B"),
    _case("body_limit_regexp", "/large", body_size_limit="10KB", fail_if_body_matches_regexp=["x"], success=False),
    _case("body_large", "/large", fail_if_body_not_matches_regexp=["x$"]),
)  # fmt: skip
ENCODING = (
    _case("gzip", "/encoded/gzip", compression="gzip", fail_if_body_not_matches_regexp=["Portal"]),
    _case("br", "/encoded/br", compression="br", fail_if_body_not_matches_regexp=["Portal"]),
    _case("deflate", "/encoded/deflate", compression="deflate", fail_if_body_not_matches_regexp=["Portal"]),
    _case("identity", "/encoded/identity", compression="identity", fail_if_body_not_matches_regexp=["Portal"]),
    _case("gzip_undecoded", "/encoded/gzip", fail_if_body_matches_regexp=["Portal"]),
    _case("gzip_by_name_alone", "/encoded/gzip", fail_if_body_not_matches_regexp=["Portal"], success=False),
    _case("gzip_of_plain", "/ok", compression="gzip", success=False),
    _case("br_of_gzip", "/encoded/gzip", compression="br", success=False),
    _case("deflate_of_zlib", "/encoded/zlib", compression="deflate", success=False, differs=("deflate-as-written",)),
    _case("gzip_broken", "/encoded/broken", compression="gzip", success=False),
    _case("gzip_asked_for", "/need/coding", headers={"Accept-Encoding": "gzip"}, compression="gzip", success=False),
    _case("coding_header", "/need/coding", headers={"Accept-Encoding": "gzip"}),
    _case("coding_none", "/need/no-coding"),
    _case("gzip_limit", "/encoded/gzip", compression="gzip", body_size_limit="20B", success=False),
)  # fmt: skip
FRAMING = (
    _case("chunked", "/chunked", fail_if_body_not_matches_regexp=["(?s)Portal.*Portal.*Portal"]),
    _case("chunked_short", "/chunked/short", success=False),
    _case("chunked_short_regexp", "/chunked/short", fail_if_body_not_matches_regexp=["Portal"], success=False),
    _case("old_protocol", "/old", fail_if_body_not_matches_regexp=["Portal"]),
    _case("short_body", "/short", success=False),
    _case("short_body_regexp", "/short", fail_if_body_not_matches_regexp=["Portal"], success=False),
    _case("modified", "/modified"),
    _case("modified_bad", "/modified/bad"),
    _case("reset", "/reset", success=False),
    _case("garbage", "/raw/garbage", success=False),
    _case("early_hints", "/raw/hints"),
    _case("continue", "/raw/continue"),
    _case("two_lengths", "/raw/two-lengths", success=False),
    _case("header_without_colon", "/raw/no-colon", success=False),
    _case("bad_status_line", "/raw/bad-status", success=False),
    _case("no_reason", "/raw/no-reason"),
    _case("nothing_said", "/raw/empty", success=False),
    _case("slow", "/slow/0.3", delay=0.3),
    _case("slow_body", "/slow-body/0.3", delay=0.3),
    _case("timeout", "/hang", timeout="500ms", success=False, delay=0.5),
    _case("timeout_in_body", "/slow-body/4", timeout="500ms", success=False, delay=0.5),
    _case("timeout_in_body_regexp", "/slow-body/4", timeout="500ms", fail_if_body_not_matches_regexp=["Portal"], success=False, delay=0.5),
)  # fmt: skip
REDIRECTS = (
    _case("redirect_1", "/redirect/1"),
    _case("redirect_9", "/redirect/9"),
    _case("redirect_10", "/redirect/10"),
    _case("redirect_11", "/redirect/11", success=False),
    _case("redirect_loop", "/to/loop", success=False),
    _case("redirect_refused", "/redirect/1", follow_redirects=False, success=False),
    _case("redirect_refused_old_key", "/redirect/1", no_follow_redirects=True, success=False),
    _case("redirect_wanted", "/redirect/1", follow_redirects=False, valid_status_codes=[302]),
    _case("redirect_regexp", "/redirect/1", follow_redirects=False, valid_status_codes=[302], fail_if_body_not_matches_regexp=["moved"], success=False),
    _case("redirect_header", "/redirect/1", follow_redirects=False, valid_status_codes=[302], fail_if_header_not_matches=_header("Location", "^/ok$")),
    _case("redirect_other_host", "/to/other"),
    _case("redirect_relative", "/to/relative"),
    _case("redirect_closed", "/to/closed", success=False),
    _case("redirect_unknown_name", "/to/name", success=False),
    _case("redirect_without_location", "/to/silent", success=False),
    _case("redirect_empty_location", "/to/nowhere", success=False),
    _case("redirect_bad_location", "/to/bad", success=False),
    _case("redirect_other_scheme", "/to/ftp", success=False),
    _case("redirect_301", "/to/301"),
    _case("redirect_303_post", "/to/303", method="POST", body="isi=surat", fail_if_body_not_matches_regexp=['"method": "GET"']),
    _case("redirect_302_post", "/to/other", method="POST", body="isi=surat", fail_if_body_not_matches_regexp=['"method": "GET"']),
    _case("redirect_307_post", "/to/307", method="POST", body="isi=surat", fail_if_body_not_matches_regexp=['"body": "isi=surat".*"method": "POST"']),
    _case("redirect_308_post", "/to/308", method="POST", body="isi=surat", fail_if_body_not_matches_regexp=['"body": "isi=surat".*"method": "POST"']),
    _case("redirect_302_head", "/to/301", method="HEAD"),
    _case("redirect_keeps_header", "/to/need", headers={"X-Secret": "kunci"}),
    _case("redirect_keeps_header_elsewhere", "/to/other", headers={"X-Secret": "kunci"}, fail_if_body_not_matches_regexp=['"x-secret": "kunci"']),
    _case("redirect_drops_credentials", "/to/other", headers={"Authorization": "Kunci penanda"}, fail_if_body_matches_regexp=["penanda"]),
    _case("redirect_auth_elsewhere", "/to/other", differs=("credentials-stay",), basic_auth={"username": "wali", "password": "kota"}, fail_if_body_matches_regexp=["authorization"], success=False),
    _case("redirect_referer", "/to/referred", differs=("no-referer",)),
    _case("cookie", "/cookie"),
)  # fmt: skip
REQUESTS = (
    _case("head", "/ok", method="HEAD"),
    _case("head_regexp", "/ok", method="HEAD", fail_if_body_matches_regexp=["."]),
    _case("post", "/need/body", method="POST", body="isi=surat"),
    _case("post_length", "/need/length", method="POST", body="isi=surat"),
    _case("post_nothing", "/echo", method="POST", fail_if_body_not_matches_regexp=['"content-length": "0"']),
    _case("get_with_body", "/echo", body="isi=surat", fail_if_body_not_matches_regexp=['"body": "isi=surat"']),
    _case("put", "/echo", method="PUT", body="x", fail_if_header_not_matches=_header("X-Method", "^PUT$")),
    _case("delete", "/echo", method="DELETE", fail_if_header_not_matches=_header("X-Method", "^DELETE$")),
    _case("options", "/echo", method="OPTIONS", fail_if_header_not_matches=_header("X-Method", "^OPTIONS$")),
    _case("own_header", "/need/secret", headers={"X-Secret": "kunci"}),
    _case("host_header", "/need/host", headers={"Host": "portal.test"}),
    _case("host_header_small", "/need/host", headers={"host": "portal.test"}),
    _case("hostname", "/need/host", hostname="portal.test"),
    _case("host_by_itself", "/need/plain-host"),
    _case("query", "/need/query?a=1%202&b=%C3%BC"),
    _case("fragment", "/ok#part"),
    _case("agent", "/need/agent", headers={"User-Agent": "kami"}),
    _case("default_agent", "/need/blackbox", differs=("own-name",)),
    _case("connection_close", "/need/close"),
    _case("basic", "/need/basic", basic_auth={"username": "wali", "password": "kota"}),
    _case("basic_file", "/need/basic", basic_auth={"username": "wali", "password_file": f"{FOLDER}/secret.txt"}),
    _case("basic_wrong", "/need/basic", basic_auth={"username": "wali", "password": "desa"}, success=False),
    _case("basic_in_target", "/need/basic", success=False),
    _case("bearer", "/need/bearer", bearer_token="penanda"),
    _case("authorization", "/need/bearer", authorization={"credentials": "penanda"}),
    _case("authorization_type", "/need/scheme", authorization={"type": "Kunci", "credentials": "penanda"}),
    _case("oauth2", "/need/token", oauth2={"client_id": "klien", "client_secret": "rahasia", "token_url": f"{BASE}/token"}),
    _case("oauth2_scopes", "/need/token", oauth2={"client_id": "klien", "client_secret": "rahasia", "token_url": f"{BASE}/token/scoped", "scopes": ["baca", "tulis"], "endpoint_params": {"kota": "makassar"}}),
    _case("oauth2_refused", "/need/token", oauth2={"client_id": "klien", "client_secret": "salah", "token_url": f"{BASE}/token"}, success=False),
    _case("oauth2_missing", "/need/token", oauth2={"client_id": "klien", "client_secret": "rahasia", "token_url": f"{BASE}/status/404"}, success=False),
    _case("ssl_wanted", "/ok", fail_if_not_ssl=True, success=False),
    _case("ssl_unwanted", "/ok", fail_if_ssl=True),
)  # fmt: skip
TARGETS = (
    Case(name="target_without_scheme", module=http(), target=f"four.test:{ports.HTTP}/ok"),
    Case(name="target_userinfo", module=http(), target=f"http://wali:kota@four.test:{ports.HTTP}/need/basic"),
    Case(name="target_literal", module=http(), target=f"http://127.0.0.1:{ports.HTTP}/ok"),
    Case(name="target_literal_six", module=http(), target=f"http://[::1]:{ports.HTTP}/ok"),
    Case(name="target_no_path", module=http(valid_status_codes=[404]), target=f"http://127.0.0.1:{ports.HTTP}"),
    Case(name="target_bad_url", module=http(), target="http://[::1", success=False),
    Case(name="target_bad_port", module=http(), target="http://four.test:99999/", success=False, differs=("no-look-up-in-vain",)),
    Case(name="target_other_scheme", module=http(), target="ftp://four.test/", success=False, differs=("no-look-up-in-vain",)),
    Case(name="target_closed", module=http(), target=f"http://four.test:{ports.CLOSED}/", success=False),
    Case(name="target_unknown", module=http(), target="http://missing.test/", success=False),
    Case(name="target_unreachable", module=http(), target="http://unreachable.test/", success=False),
    Case(name="target_vanishing", module=http("500ms"), target="http://vanishing.test/", success=False, delay=0.5),
    Case(name="timeout_by_header", module=http("3s"), target=f"{BASE}/ok"),
    Case(name="ip_default", module=http(), target=f"{BOTH}/ok"),
    Case(name="ip_four", module=http(preferred_ip_protocol="ip4"), target=f"{BOTH}/ok"),
    Case(name="ip_six_alone", module=http(ip_protocol_fallback=False), target=f"{BOTH}/ok"),
    Case(name="ip_six_alone_missing", module=http(ip_protocol_fallback=False), target=f"{BASE}/ok", success=False),
    Case(name="ip_four_alone_missing", module=http(preferred_ip_protocol="ip4", ip_protocol_fallback=False), target=f"http://six.test:{ports.HTTP}/ok", success=False),
    Case(name="ip_four_falls_back", module=http(preferred_ip_protocol="ip4"), target=f"http://six.test:{ports.HTTP}/ok"),
    Case(name="ip_no_second_try", module=http(), target=f"http://both.test:{ports.HTTP_FOUR_ONLY}/ok", success=False),
    Case(name="ip_no_second_try_four", module=http(preferred_ip_protocol="ip4"), target=f"http://both.test:{ports.HTTP_SIX_ONLY}/ok", success=False),
    Case(name="ip_literal_four_wants_six", module=http(ip_protocol_fallback=False), target=f"http://127.0.0.1:{ports.HTTP}/ok", success=False),
)  # fmt: skip
PROXIES = (
    Case(name="proxy_plain", module=http(proxy_url=f"http://127.0.0.1:{ports.PROXY}", fail_if_body_not_matches_regexp=['"x-relayed": "yes"']), target=f"{BASE}/echo"),
    Case(name="proxy_unresolved", module=http(proxy_url=f"http://127.0.0.1:{ports.PROXY}", skip_resolve_phase_with_proxy=True), target="http://only.proxy.knows/ok"),
    Case(name="proxy_resolves_first", module=http(proxy_url=f"http://127.0.0.1:{ports.PROXY}"), target="http://missing.test/ok", success=False),
    Case(name="proxy_refuses", module=http(proxy_url=f"http://127.0.0.1:{ports.PROXY_REFUSING}"), target=f"{BASE}/ok", success=False),
    Case(name="proxy_closed", module=http(proxy_url=f"http://127.0.0.1:{ports.CLOSED}"), target=f"{BASE}/ok", success=False),
    Case(name="proxy_skip_without_proxy", module=http(skip_resolve_phase_with_proxy=True), target=f"{BASE}/ok"),
)  # fmt: skip
CASES = (*STATUS, *HEADERS, *BODY, *ENCODING, *FRAMING, *REDIRECTS, *REQUESTS, *TARGETS, *PROXIES)
