"""Small ways to break a promise, each with the test that must notice and what it must say."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`changes` are (file below monitor/, old text, new text); `test` names a test of acceptance.

    `says` is a regular expression for what the failing test prints.
    """

    name: str
    changes: Sequence[tuple[str, str, str]]
    test: str
    says: str


_KILL = "test_kill.py::test_kill_nine_loses_nothing"
_RESTART = "test_restart.py::test_restart_resumes_exactly"
_CUT = "test_offline.py::test_cut_cable_takes_nobody_down"
_STEP = "test_clock.py::test_clock_step_keeps_the_cadence"
_PROBE = "test_probe.py::"
_CAUSE = "test_grouping.py::test_dead_parent_is_one_message"
_FEW = "test_grouping.py::test_storm_is_few_messages"
_HANDOVER = "test_oncall.py::test_who_takes_over_is_told"
_LINK = "test_links.py::test_a_link_in_a_message"
_FIGURES = "test_figures.py::test_planned_work_and_closed_hours_count_apart"
_SEAL = "test_sealing.py::test_a_killed_daemon_goes_on_sealing"
_INJECTION = "test_injection.py::test_text_of_targets_is_text"

MUTANTS = (
    Mutant(
        name="settle before sending",
        changes=[
            (
                "alerting/courier.py",
                "        outcome = await self._sent(row)\n",
                (
                    "        done = Settlement(state=DeliveryState.DELIVERED, at=row.created_at)\n"
                    "        await self._office.outbox.settle(row.id, done)\n"
                    "        outcome = await self._sent(row)\n"
                ),
            )
        ],
        test=_KILL,
        says="never got",
    ),
    Mutant(
        name="messages in a second transaction",
        changes=[
            (
                "store/sql.py",
                "        job = Enqueued(change=change, at=self._now())\n",
                (
                    "        import dataclasses\n"
                    "        bare = dataclasses.replace(change, notifications=())\n"
                    "        job = Enqueued(change=bare, at=self._now())\n"
                    "        await self._groups.add(job, wait=change.urgent)\n"
                    "        change = Change(notifications=change.notifications)\n"
                    "        job = Enqueued(change=change, at=self._now())\n"
                ),
            )
        ],
        test=_KILL,
        says="no row for change",
    ),
    Mutant(
        name="acknowledge before the commit",
        changes=[
            (
                "store/groups.py",
                "        numbered = [entry.numbered for entry in group]\n",
                (
                    "        numbered = [entry.numbered for entry in group]\n"
                    "        self._acknowledge(group, Written(sequence=numbered[-1].sequence))\n"
                ),
            ),
            ("store/groups.py", "        self._acknowledge(group, written)\n", ""),
        ],
        test=_KILL,
        says="was acknowledged",
    ),
    Mutant(
        name="a queue in memory",
        changes=[
            (
                "alerting/dispatcher.py",
                'sorted(rows, key=attrgetter("receiver"))',
                'sorted(rows if self._read_up_to else (), key=attrgetter("receiver"))',
            ),
            (
                "alerting/dispatcher.py",
                "default=self._read_up_to)",
                "default=self._read_up_to or -1)",
            ),
        ],
        test="test_receiver.py::test_receiver_that_was_down_is_told_everything",
        says="messages still wait",
    ),
    Mutant(
        name="open incidents forgotten at a restart",
        changes=[("engine/resume.py", "        board.put(incident)\n", "        pass\n")],
        test=_RESTART,
        says="the recovery is told",
    ),
    Mutant(
        name="states forgotten at a restart",
        changes=[
            ("app/daemon.py", "now, restored.states)\n    parts.connect", "now)\n    parts.connect")
        ],
        test=_RESTART,
        says="AssertionError",
    ),
    Mutant(
        name="no word of the stop",
        changes=[("app/daemon.py", "        parts.pipeline.mark(MarkKind.STOP, now, epoch)\n", "")],
        test=_RESTART,
        says="IndexError|AssertionError",
    ),
    Mutant(
        name="what was cut short counts as failed",
        changes=[
            (
                "engine/runner.py",
                "    except Exception as error:",
                "    except BaseException as error:",
            )
        ],
        test="test_stop.py::test_stop_abandons_what_is_in_flight",
        says="tetes-",
    ),
    Mutant(
        name="two daemons on one directory",
        changes=[
            ("store/lock.py", "fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_SH | fcntl.LOCK_NB")
        ],
        test="test_stop.py::test_second_daemon_ends_at_once",
        says="another daemon answers|assert None == 1",
    ),
    Mutant(
        name="a bad configuration stops what runs",
        changes=[
            (
                "app/reload.py",
                "            except ConfigError as error:\n",
                (
                    "            except ConfigError as error:\n"
                    "                self._parts.scheduler.replace((), {})\n"
                ),
            )
        ],
        test="test_reload.py::test_bad_configuration_changes_nothing",
        says="apart|was not run",
    ),
    Mutant(
        name="a reload starts everything anew",
        changes=[
            (
                "engine/scheduler.py",
                (
                    "            if before is not None and before.check.interval == check.interval:\n"
                    "                continue\n"
                    "            self._timetable.add(check, now)\n"
                ),
                "            self._timetable.add(check, now + 1_000_000 * (before is not None))\n",
            )
        ],
        test="test_reload.py::test_reloads_in_a_row_disturb_nobody",
        says="apart|was not run",
    ),
    Mutant(
        name="every failure is the target's",
        changes=[
            (
                "engine/selfcheck.py",
                "    outcome = observation.outcome\n    if outcome.status is not OutcomeStatus.FAILED",
                "    outcome = observation.outcome\n    if outcome.status is not OutcomeStatus.UNKNOWN",
            )
        ],
        test=_CUT,
        says="AssertionError",
    ),
    Mutant(
        name="every failure is ours",
        changes=[
            ("engine/selfcheck.py", "sum(network) < require", "sum(network) >= 0"),
            (
                "engine/selfcheck.py",
                "        if self._heard_since(began, check):\n            return Proof.ONLINE\n",
                "        if self._heard_since(began, check):\n            return Proof.OFFLINE\n",
            ),
        ],
        test="test_offline.py::test_targets_that_vanish_are_down",
        says="all are down",
    ),
    Mutant(
        name="a clock step is not noticed",
        changes=[
            ("engine/clock.py", "_STEP_MICROSECONDS = 1_000_000", "_STEP_MICROSECONDS = 10**18")
        ],
        test=_STEP,
        says="AssertionError",
    ),
    Mutant(
        name="a clock step runs checks twice",
        changes=[
            ("engine/scheduler.py", "rest = max(0, interval - (monotonic - begun) - 1)", "rest = 0")
        ],
        test=_STEP,
        says="s between two runs",
    ),
    Mutant(
        name="a burst after a pause",
        changes=[
            ("engine/timetable.py", "LATE_MICROSECONDS = 1_000_000", "LATE_MICROSECONDS = 10**12")
        ],
        test="test_clock.py::test_stopped_process_blames_nobody",
        says="AssertionError",
    ),
    Mutant(
        name="secrets that are sent back are told",
        changes=[
            (
                "conditions/httpattempt.py",
                "return Failure(failure.kind, veiled(failure.detail, secrets))",
                "return failure",
            )
        ],
        test="test_secrets.py::test_secrets_are_told_to_nobody",
        says="status --output json', 'bearer'",
    ),
    Mutant(
        name="a timeout keeps its socket",
        changes=[
            (
                "net/connection.py",
                "        self._descriptor = -1\n        self._socket.close()\n",
                (
                    "        self._descriptor = -1\n"
                    "        if self._expired:\n"
                    "            self._socket.detach()\n"
                    "        self._socket.close()\n"
                ),
            )
        ],
        test="test_descriptors.py::test_descriptors_are_given_back",
        says="descriptors were given back|assert 500 == 200",  # too few are left to read a file
    ),
    Mutant(
        name="probe whatever is asked for",
        changes=[("web/blackbox.py", "if allowed is not None and (", "if not allowed and (")],
        test=f"{_PROBE}test_configured_targets_alone",
        says=r"assert 200 == 403",
    ),
    Mutant(
        name="go on probing for nobody",
        changes=[("web/blackbox.py", "asyncio.wait((working, leaving)", "asyncio.wait((working,)")],
        test=f"{_PROBE}test_client_that_leaves_ends_its_probe",
        says="well before the probe's own five seconds",
    ),
    Mutant(
        name="show a module's password",
        changes=[
            (
                "blackbox/masking.py",
                'Hidden():\n            return SECRET if value else ""',
                "Hidden():\n            return value.reveal()",
            )
        ],
        test=f"{_PROBE}test_secrets_of_modules_are_told_to_nobody",
        says="basic_fail_if_header_not_matches debug",
    ),
    Mutant(
        name="take up modules at a restart only",
        changes=[("app/reload.py", "parts.blackbox.offer = offer_of(config)", "offer_of(config)")],
        test=f"{_PROBE}test_bad_modules_change_nothing",
        says=r"assert 400 == 200",
    ),
    Mutant(
        name="a question that decided nothing is forgotten",
        changes=[
            (
                "domain/state.py",
                " and observation.outcome.cause is not UnknownCause.NO_DATA",
                "",
            )
        ],
        test="test_domain_memory.py::test_a_registry_is_asked_once_over_restarts",
        says="a registry was asked again",
    ),
    Mutant(
        name="news that wait count as told",
        changes=[
            (
                "domain/telling.py",
                "{one.incident.id: _told(one, around, now) for one in chosen}",
                "{one.incident.id: _told(one, around, now) for one in pending.values()}",
            )
        ],
        test=_CAUSE,
        says="not within 40 s: 1 messages",
    ),
    Mutant(
        name="what depends on others is told as well",
        changes=[
            (
                "domain/holding.py",
                "min(roots, key=lambda each: (each.started_at, each.id), default=None)",
                "None",
            )
        ],
        test=_CAUSE,
        says=r"'layanan-\d\d',",
    ),
    Mutant(
        name="a storm is told owner by owner",
        changes=[
            (
                "domain/bundling.py",
                "GroupBy.RECEIVER if incident.concern in storms else around.grouping.by",
                "around.grouping.by",
            )
        ],
        test=_FEW,
        says="assert 10 <= 5",
    ),
    Mutant(
        name="a hand-over that nobody looks at",
        changes=[
            (
                "engine/pipeline.py",
                "self._planned.look_again, self._roster.duty.until)",
                "self._planned.look_again)",
            )
        ],
        test=_HANDOVER,
        says=r"\['alert.firing'\] == \['alert.firing', 'alert.firing'\]",
    ),
    Mutant(
        name="markup goes into markup as it is",
        changes=[
            ("notifiers/telegram.py", "    return escape(text, quote=False)", "    return text")
        ],
        test=_INJECTION,
        says="AssertionError: telegram",
    ),
    Mutant(
        name="text of targets is taken as it is",
        changes=[("domain/text.py", "_UNSAFE.sub(_REPLACEMENT, ", "str(")],
        test=_INJECTION,
        says=r"AssertionError: \w+\nE +assert \['",
    ),
    Mutant(
        name="any link opens",
        changes=[
            (
                "domain/acklink.py",
                "    if not hmac.compare_digest(tag, _tag(key, incident, signed)):\n",
                "    if not tag:\n",
            )
        ],
        test=_LINK,
        says="a forged link opened",
    ),
    Mutant(
        name="another key at every start",
        changes=[
            ("app/linkkey.py", "        if not os.path.lexists(path):\n", "        if True:\n")
        ],
        test=_LINK,
        says="403",
    ),
    Mutant(
        name="who takes care is no note",
        changes=[
            (
                "engine/pipeline.py",
                "        self._recorder.record(Change(incidents=(incident,), notes=(note,)))\n",
                "        self._recorder.record(Change(incidents=(incident,)))\n",
            )
        ],
        test=_LINK,
        says="NoteKind.ACKNOWLEDGED",
    ),
    Mutant(
        name="a restart forgets what was planned",
        changes=[
            (
                "engine/pipeline.py",
                "        self._planned.put(known)\n        self._count_by(known)\n",
                "        self._planned.put(known)\n",
            )
        ],
        test=_FIGURES,
        says="planned work was forgotten",
    ),
    Mutant(
        name="all hours are promised",
        changes=[
            (
                "domain/counting.py",
                "open_windows(self._hours, window)\n",
                "[window]\n",
            )
        ],
        test=_FIGURES,
        says="so do hours",
    ),
    Mutant(
        name="samples are sealed and left where they were",
        changes=[
            (
                "store/sealing.py",
                "                execute(_DELETE[table], gone)\n",
                "                pass\n",
            )
        ],
        test=_SEAL,
        says=r"assert \d+ == 0",
    ),
    Mutant(
        name="hours are sealed and never entered",
        changes=[
            (
                "store/sealjob.py",
                "            await self._tender.enter(close, part, summed)\n",
                "            pass\n",
            )
        ],
        test=_SEAL,
        says=r"assert \[\] == \[",
    ),
    Mutant(
        name="everything is public",
        changes=[
            (
                "domain/visibility.py",
                "    return tuple(service for service in services if service.public)\n",
                "    return tuple(services)\n",
            )
        ],
        test="test_opendata.py::test_the_bytes_of_the_command",
        says="rahasia",
    ),
    Mutant(
        name="unknown is down in open data",
        changes=[
            (
                "reports/opendata.py",
                '        "turun": figures.parts.down,\n',
                '        "turun": figures.parts.down + figures.parts.unknown,\n',
            )
        ],
        test="test_opendata.py::test_what_nobody_saw_is_a_gap",
        says=r"assert \d+ == 0",
    ),
)
