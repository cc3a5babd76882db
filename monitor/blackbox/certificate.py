"""The numbers of a certificate, with texts as long as they are.

They are there also when the handshake failed, as far as it came: a certificate that has expired
is when its dates are asked for.
"""

from monitor.domain.blackbox import CERTIFICATE
from monitor.domain.observation import Series, series
from monitor.domain.text import visible_text
from monitor.net.certificates import Certificate
from monitor.net.report import measurements
from monitor.net.trace import Trace

_LONGEST = 65_536  # bytes of a label; all certificates of a chain together hold no more
_CHAIN_INFO, _CIPHER_INFO = "probe_ssl_last_chain_info", "probe_tls_cipher_info"
_OURS = {name for name, _, _ in CERTIFICATE} - {_CHAIN_INFO}


def certificate_numbers(trace: Trace, *, cipher: bool) -> dict[Series, float]:
    """Return what the last handshake showed; nothing without one.

    `cipher` names the cipher as well.
    """
    if trace.tls is None:
        return {}
    wanted = _OURS if cipher else _OURS - {_CIPHER_INFO}
    found = {key: value for key, value in measurements(trace).items() if key[0] in wanted}
    if trace.tls.chain.leaf is not None:
        found[_chain_info(trace.tls.chain.leaf)] = 1.0
    return found


def _chain_info(leaf: Certificate) -> Series:
    texts = {
        "fingerprint_sha256": leaf.fingerprint,
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "subjectalternative": ",".join(leaf.names),
        "serialnumber": leaf.serial,
    }
    return series(
        _CHAIN_INFO, **{name: visible_text(text, _LONGEST) for name, text in texts.items()}
    )
