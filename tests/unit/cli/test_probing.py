"""One probe without a daemon: a dead target and a dead network are told apart all the same."""

from time import monotonic

import pytest

from monitor.checktype import CheckSpec, CheckType
from monitor.cli.probing import Prober
from monitor.configuration.config import ConfiguredCheck
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus, UnknownCause
from monitor.domain.status import Status
from monitor.engine.selfcheck import Canary, SelfCheck
from tests.fakes import a_check

SILENT = Outcome(
    status=OutcomeStatus.FAILED, failure=Failure(FailureKind.CONNECT_TIMEOUT, "no answer in 10 s")
)
REFUSED = Outcome(
    status=OutcomeStatus.FAILED,
    failure=Failure(FailureKind.CONNECT_REFUSED, "refused"),
    answered=True,
)


async def seen(outcome, *, canary_answers):
    """Probe a target that gives `outcome`, on a machine whose canary answers or not."""

    async def probe(spec, context):
        return outcome

    async def ask(deadline):
        return canary_answers

    prober = Prober(
        network=None,
        self_check=SelfCheck([Canary("gateway", ask)], [], monotonic),
        vantage="utama",
    )
    kind = CheckType(spec=CheckSpec, probe=probe)
    return await prober.probe(ConfiguredCheck(check=a_check(), kind=kind, spec=CheckSpec()))


async def test_silent_target_is_down_when_we_are_online():
    """A target that is silent while our canary answers is down."""
    assert (await seen(SILENT, canary_answers=True)).sample is Status.DOWN


async def test_silence_is_unknown_when_we_are_offline():
    """A target that is silent while our canary is, too, is unknown."""
    observation = await seen(SILENT, canary_answers=False)

    assert observation.sample is Status.UNKNOWN
    assert observation.outcome.cause is UnknownCause.SELF_OFFLINE


@pytest.mark.parametrize(("outcome", "status"), [(REFUSED, Status.DOWN), (Outcome(), Status.UP)])
async def test_answer_needs_no_proof(outcome, status):
    """An answer of any kind proves that we are online."""
    assert (await seen(outcome, canary_answers=False)).sample is status
