"""The numbers in stored rows mean the same for ever."""

import pytest

from monitor.domain.check import Affects
from monitor.domain.incident import Concern
from monitor.domain.observation import FailureKind, MissedReason, OutcomeStatus, UnknownCause
from monitor.domain.push import Signal
from monitor.domain.status import Status
from monitor.ports import DeliveryState, MarkKind
from monitor.store import codes

ENUMS = {
    "STATUS": Status,
    "CAUSE": UnknownCause,
    "MISSED": MissedReason,
    "MARK": MarkKind,
    "DELIVERY": DeliveryState,
    "AFFECTS": Affects,
    "CONCERN": Concern,
    "KIND": FailureKind,
    "SIGNAL": Signal,
    "OUTCOME": OutcomeStatus,
}
PINNED = {
    "STATUS": "1=up 2=degraded 3=down 4=unknown",
    "CAUSE": "1=monitor_stopped 2=self_offline 3=resolver 4=overloaded 5=clock_step 6=too_few_vantages 7=local 8=internal 9=no_data",
    "MISSED": "1=overrun 2=overloaded 3=clock_step 4=stopped",
    "MARK": "1=start 2=stop 3=pause 4=clock_step 5=self_offline 6=self_online",
    "DELIVERY": "1=pending 2=delivered 3=superseded 4=dead",
    "AFFECTS": "1=availability 2=security 3=none",
    "CONCERN": "1=outage 2=degradation 3=expiry",
    "SIGNAL": "1=start 2=success 3=fail 4=result",
    "OUTCOME": "1=ok 2=degraded 3=failed 4=unknown",
    "KIND": "1=resolve_nxdomain 2=resolve_servfail 3=resolve_timeout 4=resolve_refused 5=resolve_nodata 10=connect_refused 11=connect_timeout 12=connect_unreachable 13=connect_reset 20=tls_expired 21=tls_not_yet_valid 22=tls_hostname 23=tls_untrusted 24=tls_self_signed 25=tls_revoked 26=tls_protocol 27=tls_other 30=proxy 31=timeout 32=protocol 33=truncated 34=too_large 35=redirect_loop 36=redirect_refused 40=status 41=header 42=body 43=json 44=answer 45=dnssec 46=starttls 47=banner 50=slow 51=expires_soon 52=changed 53=late 54=lost 55=step 60=refused_by_policy 61=internal",
}


@pytest.mark.parametrize("name", PINNED)
def test_numbers_that_are_given_stay(name):
    """A number in a stored row keeps its meaning; a new member takes a new number."""
    meaning = getattr(codes, name).meaning

    pinned = dict(pair.split("=") for pair in PINNED[name].split())
    assert {number: meaning[int(number)].value for number in pinned} == pinned


@pytest.mark.parametrize("name", ENUMS)
def test_every_member_has_one_number(name):
    """Every member can be stored, and is read back as itself."""
    table = getattr(codes, name)

    assert [table.meaning[table.code[member]] for member in ENUMS[name]] == list(ENUMS[name])
