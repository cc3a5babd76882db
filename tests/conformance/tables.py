"""All cases."""

from tests.conformance import cases_dns, cases_grpc, cases_http, cases_newer, cases_tcp, cases_tls

CASES = (
    *cases_http.CASES,
    *cases_tls.CASES,
    *cases_dns.CASES,
    *cases_tcp.CASES,
    *cases_grpc.CASES,
)
NEWER = cases_newer.CASES
