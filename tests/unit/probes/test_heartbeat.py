from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from monitor.checktype import Silence
from monitor.domain.check import CheckId
from monitor.domain.observation import FailureKind, OutcomeStatus, UnknownCause
from monitor.domain.push import Arrival, Gap, Signal, follow_push
from monitor.fields import Context
from monitor.probes.heartbeat import HeartbeatSpec, judge_silence
from tests.fakes import NOON

BACKUP = CheckId("backup")
UP, DOWN, UNKNOWN = OutcomeStatus.OK, OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN
STOPPED, OFFLINE = UnknownCause.MONITOR_STOPPED, UnknownCause.SELF_OFFLINE


def a_spec(**keys):
    rhythm = {} if "cron" in keys else {"interval": "1h"}
    return HeartbeatSpec.model_validate(
        {"token": {"env": "TOKEN"}, "grace": "10m", **rhythm, **keys},
        context=Context(folder=None, environment={"TOKEN": "0123456789abcdef"}),
    )


def minutes(count):
    return NOON + timedelta(minutes=count)


def told(*pushes):
    """Return what is known after pushes, each a signal and its minute."""
    last = None
    for signal, minute in pushes:
        failed = signal is Signal.FAIL
        arrival = Arrival(
            signal=signal,
            at=minutes(minute),
            received_at=minutes(minute),
            status=DOWN if failed else UP,
            exit_code=3 if failed else None,
            detail="disk full" if failed else "",
        )
        last = follow_push(BACKUP, last, arrival)
    return last


OK_AT_NOON = told((Signal.SUCCESS, 0))


def judged(spec, last, at, *, now=None, gaps=(), since=-1000):
    """Return what is said at minute `now` of minute `at`."""
    return judge_silence(
        spec,
        Silence(
            check_id=BACKUP,
            last=last,
            gaps=tuple(Gap(minutes(a), None if b is None else minutes(b), c) for a, b, c in gaps),
            since=minutes(since),
            at=minutes(at),
            now=minutes(at if now is None else now),
        ),
    )


def status(*arguments, **keys):
    verdict = judged(*arguments, **keys)
    return None if verdict is None else verdict.outcome.status


class TestLate:
    def test_up_until_due(self):
        """A job that reported is up until it is due again."""
        assert status(a_spec(), OK_AT_NOON, 59) is UP

    def test_undecided_in_grace(self):
        """Between the time it was due and the end of its grace nobody can say yet."""
        assert judged(a_spec(), OK_AT_NOON, 65) is None

    def test_late_is_down_dated_back(self):
        """After its grace a silent job is down, since it was due."""
        verdict = judged(a_spec(), OK_AT_NOON, 70)

        assert verdict.outcome.failure.kind is FailureKind.LATE
        assert verdict.began == minutes(60)

    def test_what_was_undecided_is_down_too(self):
        """Once it is late, it was down at every instant since it was due."""
        assert status(a_spec(), OK_AT_NOON, 61, now=70) is DOWN

    def test_report_in_grace_makes_what_was_undecided_up(self):
        """A job that reports within its grace was never down."""
        last = told((Signal.SUCCESS, 0), (Signal.SUCCESS, 69))

        assert status(a_spec(), last, 61, now=69) is UP

    def test_detail_says_what_was_waited_for(self):
        """The failure names when it was due and when it was last heard."""
        detail = judged(a_spec(), OK_AT_NOON, 70).outcome.failure.detail

        assert detail == (
            "due 2026-06-01 05:00:00Z, last heard 2026-06-01 04:00:00Z, 10m of grace are over"
        )

    def test_job_that_never_reported(self):
        """A job of which nothing was ever heard is unknown at first, and then late."""
        spec = a_spec()

        assert status(spec, None, 30, since=0) is UNKNOWN
        assert status(spec, None, 65, since=0) is UNKNOWN
        assert status(spec, None, 70, since=0) is DOWN

    def test_summer_time(self):
        """A nightly job is late by the wall clock of its zone, also when that is put forward."""
        spec = a_spec(cron="30 2 * * *", zone="Europe/Berlin", grace="1h")
        berlin = ZoneInfo("Europe/Berlin")
        ended = datetime(2026, 3, 28, 2, 40, tzinfo=berlin)
        arrival = Arrival(signal=Signal.SUCCESS, at=ended, received_at=ended)
        last = follow_push(BACKUP, None, arrival)
        now = datetime(2026, 3, 29, 2, 0, tzinfo=UTC)
        verdict = judge_silence(
            spec, Silence(check_id=BACKUP, last=last, since=ended, at=now, now=now)
        )

        assert verdict.began == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


class TestFailed:
    def test_failure_is_down_at_once(self):
        """A job that reports a failure is down, with its exit code and what it said."""
        verdict = judged(a_spec(), told((Signal.FAIL, 0)), 0)

        assert verdict.outcome.failure.detail == "the job failed with exit code 3: disk full"
        assert verdict.outcome.failure.kind is FailureKind.STATUS

    def test_failure_stays_in_the_next_grace(self):
        """A job that failed is down until it succeeds; its next grace makes it no better."""
        assert status(a_spec(), told((Signal.FAIL, 0)), 65) is DOWN

    def test_success_ends_it(self):
        """The next success makes it up again."""
        assert status(a_spec(), told((Signal.FAIL, 0), (Signal.SUCCESS, 30)), 30) is UP


class TestRunning:
    def test_run_may_take_its_time(self):
        """A run that began may last until `max_runtime`, past the time it was due to report."""
        last = told((Signal.SUCCESS, 0), (Signal.START, 58))

        assert status(a_spec(max_runtime="2h"), last, 170) is UP

    def test_run_that_takes_too_long(self):
        """After `max_runtime` it is down, since then."""
        last = told((Signal.SUCCESS, 0), (Signal.START, 58))
        verdict = judged(a_spec(max_runtime="2h"), last, 179)

        assert verdict.outcome.failure.kind is FailureKind.LATE
        assert verdict.began == minutes(178)

    def test_start_alone_is_no_report(self):
        """Without `max_runtime`, a job that only starts is late like one that is silent."""
        last = told((Signal.SUCCESS, 0), (Signal.START, 58))

        assert status(a_spec(), last, 70) is DOWN


class TestGaps:
    def test_report_may_have_been_lost(self):
        """A job that was due while the monitor was stopped is unknown, not down."""
        verdict = judged(a_spec(), OK_AT_NOON, 75, gaps=[(55, 62, STOPPED)])

        assert (verdict.outcome.status, verdict.outcome.cause) == (UNKNOWN, STOPPED)

    def test_unknown_ends_with_the_next_due_time(self):
        """It is down once it stays silent for an interval and its grace after the gap."""
        spec, gaps = a_spec(), [(55, 62, STOPPED)]

        assert status(spec, OK_AT_NOON, 121, gaps=gaps) is UNKNOWN
        assert judged(spec, OK_AT_NOON, 125, gaps=gaps) is None
        assert judged(spec, OK_AT_NOON, 132, gaps=gaps).began == minutes(122)

    def test_gap_in_which_nothing_was_due(self):
        """A gap long before the job was due excuses nothing."""
        assert status(a_spec(), OK_AT_NOON, 70, gaps=[(20, 25, STOPPED)]) is DOWN

    def test_job_that_was_late_before_stays_down(self):
        """A short gap after the job was found late does not make it unknown."""
        assert status(a_spec(), OK_AT_NOON, 90, gaps=[(85, 86, STOPPED)]) is DOWN

    def test_gap_that_lasts(self):
        """While we are cut off, what is due is unknown."""
        verdict = judged(a_spec(), OK_AT_NOON, 75, gaps=[(50, None, OFFLINE)])

        assert verdict.outcome.cause is OFFLINE

    def test_gap_during_a_run(self):
        """The end of a run that was told while we were cut off may be lost."""
        spec = a_spec(max_runtime="20m", interval="1d")
        last = told((Signal.SUCCESS, 0), (Signal.START, 10))

        assert status(spec, last, 31, gaps=[(20, 25, OFFLINE)]) is UNKNOWN

    def test_crontab_before_its_time(self):
        """A gap before a crontab fires loses nothing: the job had not begun."""
        spec = a_spec(cron="0 5 * * *", zone="UTC")  # minute 60

        assert status(spec, OK_AT_NOON, 70, gaps=[(50, 59, STOPPED)]) is DOWN
        assert status(spec, OK_AT_NOON, 70, gaps=[(50, 61, STOPPED)]) is UNKNOWN

    def test_report_after_the_gap_ends_it(self):
        """What was before the last report matters no more."""
        last = told((Signal.SUCCESS, 0), (Signal.SUCCESS, 66))

        assert status(a_spec(), last, 70, gaps=[(55, 62, STOPPED)]) is UP


class TestKeys:
    @pytest.mark.parametrize(
        "keys",
        [
            {"interval": None},
            {"cron": "0 0 * * *", "zone": "UTC", "interval": "1h"},
            {"cron": "0 0 * * *"},
            {"interval": "1h", "zone": "UTC"},
            {"cron": "0 0 * *", "zone": "UTC"},
            {"cron": "0 0 * * *", "zone": "Asia/Ujungpandang"},
            {"cron": "0 0 * * *", "zone": "../etc/passwd"},
        ],
    )
    def test_refused(self, keys):
        """It is due by an interval, or by a crontab in a zone that exists."""
        with pytest.raises(ValidationError):
            a_spec(**keys)

    @pytest.mark.parametrize("token", ["short", "has spaces in its middle", "a/b" * 10])
    def test_token_is_long_and_plain(self, token):
        """A token that could be guessed, or does not fit into a URL, is refused unseen."""
        with pytest.raises(ValidationError, match="a token is 16 to 200") as caught:
            HeartbeatSpec.model_validate(
                {"token": {"env": "TOKEN"}, "interval": "1h"},
                context=Context(folder=None, environment={"TOKEN": token}),
            )

        assert token not in str(caught.value)

    @pytest.mark.parametrize(("grace", "seconds"), [("1h", 60), ("10s", 5), ("1s", 1)])
    def test_looked_at_often_enough(self, grace, seconds):
        """Short graces are looked at often, long ones every minute."""
        assert a_spec(grace=grace).rhythm()["interval"] == timedelta(seconds=seconds)
