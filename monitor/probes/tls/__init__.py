"""The check type `tls`; its keys, with what they mean, are in `spec`."""

from monitor.checktype import CheckType, MeasurementInfo
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.probes.tls.attempt import probe
from monitor.probes.tls.spec import TlsSpec

CHECK_TYPE = CheckType(
    spec=TlsSpec,
    probe=probe,
    measurements=tuple(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
)
