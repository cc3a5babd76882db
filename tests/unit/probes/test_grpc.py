"""Checks of type grpc: what their keys lead to."""

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.grpc import HealthAnswer
from monitor.probes.grpc import GrpcSpec, judge


def a_spec(**keys):
    return GrpcSpec.model_validate({"host": "izin.test", "port": 50051, **keys})


@pytest.mark.parametrize(
    ("host", "target"), [("izin.test", "izin.test:50051"), ("2001:db8::7", "[2001:db8::7]:50051")]
)
def test_the_target(host, target):
    """The target is the host with its port, an IPv6 address in brackets."""
    spec = a_spec(host=host)

    assert (spec.target(), spec.dialled_host()) == (target, host)


def test_warnings(tmp_path):
    """A secret in the clear and a certificate that nobody looks at are worth a warning."""
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text("rahasia")
    metadata = {"authorization": {"file": str(path)}}

    assert a_spec(metadata={"x-unit": "dinas"}).warnings() == ()
    assert a_spec(metadata=metadata, tls=True).warnings() == ()
    assert a_spec(metadata=metadata).warnings() == ("metadata: a secret is sent in the clear",)
    assert "not verified" in a_spec(tls=True, insecure=True).warnings()[0]


@pytest.mark.parametrize(
    ("answer", "seconds", "kind"),
    [
        (HealthAnswer(code=0, serving="SERVING"), 2.0, None),
        (HealthAnswer(code=0, serving="SERVING"), 2.001, Kind.SLOW),
        (HealthAnswer(code=0, serving="NOT_SERVING"), 3.0, Kind.STATUS),
        (HealthAnswer(code=14), 0.1, Kind.STATUS),
    ],
)
def test_judging(answer, seconds, kind):
    """An answer that is wrong speaks before one that took too long."""
    found = judge(a_spec(expect={"max_duration": "2s"}), answer, seconds)

    assert (None if found is None else found.kind) is kind
