"""Puts the parts of the daemon together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.alerting.dispatcher import Dispatcher
from monitor.alerting.restater import Restater
from monitor.app.acts import build_acts
from monitor.app.keeper import Keeper
from monitor.app.limits import probes_at_once
from monitor.app.network import build_network, build_self_check
from monitor.app.notary import Notary
from monitor.app.receivers import Trial, build_notifiers, build_readers
from monitor.app.witnessing import Cosigner
from monitor.configuration.config import Config
from monitor.configuration.settings import MonitorSettings, ProbeSettings
from monitor.engine.board import Board
from monitor.engine.clock import Timeline
from monitor.engine.clockdoubt import ClockDoubt
from monitor.engine.connectivity import Connectivity
from monitor.engine.heart import Heart
from monitor.engine.pipeline import Pipeline
from monitor.engine.pushes import Pushes
from monitor.engine.recorder import Recorder
from monitor.engine.scheduler import Engine, Scheduler
from monitor.engine.selfcheck import SelfCheck
from monitor.engine.teller import Teller
from monitor.engine.watchdog import Watchdog
from monitor.ledger.witness import Witness
from monitor.locales import Language
from monitor.metrics.exposition import Exposition
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.net.kernelclock import in_step, up_seconds
from monitor.net.network import Network
from monitor.probes import check_types
from monitor.store.archive import Archive
from monitor.store.sql import SqlStore
from monitor.web.context import Acts, OpenData, Reloader, WebContext

if TYPE_CHECKING:
    from monitor.web.blackbox import Blackbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The parts that the daemon's life is about."""

    timeline: Timeline
    network: Network
    self_check: SelfCheck
    board: Board
    recorder: Recorder
    pipeline: Pipeline
    connectivity: Connectivity
    scheduler: Scheduler
    watchdog: Watchdog
    dispatcher: Dispatcher
    restater: Restater
    trial: Trial
    exposition: Exposition
    telemetry: PrometheusTelemetry
    blackbox: "Blackbox | None"
    pushes: Pushes
    teller: Teller
    acts: Acts
    heart: Heart
    notary: Notary
    keeper: Keeper
    link_key: bytes = field(repr=False)


class _Readiness:
    """Implements `web.context.Readiness`."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog

    def trouble(self) -> str | None:
        return self._watchdog.problem()


def assemble(
    config: Config,
    store: SqlStore,
    epoch: int,
    telemetry: PrometheusTelemetry,
    *,
    alive: Callable[[], None],
    link_key: bytes,
) -> Assembly:
    """Return the daemon for `config`, watching nothing yet. `alive` is the watchdog's."""
    settings = config.monitor
    timeline = Timeline(epoch)
    network = build_network(config)
    notifiers = build_notifiers(config, network, telemetry, link_key=link_key)
    notary = Notary(store, telemetry, settings.data_dir, _cosigner(config, store, network))
    dispatcher = Dispatcher(
        store,
        {**notifiers, **build_readers(config, network, telemetry)},
        timeline,
        telemetry,
        checkpoint=lambda: notary.checkpoint,
    )
    board = Board()
    recorder = Recorder(store, telemetry, dispatcher.wake)
    pipeline = Pipeline(board, recorder, settings.vantage)
    restater = Restater(notifiers, pipeline.standing, timeline, telemetry)
    teller = Teller(pipeline, timeline)
    pipeline.has_news = teller.wake
    clock_doubt = ClockDoubt(timeline, in_step, up_seconds)
    pipeline.dates_wait_until = clock_doubt.until
    self_check = build_self_check(config, network)
    connectivity = Connectivity(
        self_check, pipeline, timeline, telemetry, dispatcher.network_recovered
    )
    pushes = Pushes(clock=timeline, pipeline=pipeline, store=store, vantage=settings.vantage)
    pipeline.followers += (pushes.marked, clock_doubt.marked)
    scheduler = Scheduler(
        Engine(
            timeline=timeline,
            network=network,
            vantage=settings.vantage,
            pipeline=pipeline,
            connectivity=connectivity,
            telemetry=telemetry,
            pushes=pushes,
        ),
        probes_at_once(settings.limits.concurrency, _descriptors(settings.probe)),
    )
    heart = Heart(board, pipeline, recorder, timeline)
    heart.plan = config.sign_of_life

    def alive_and_well() -> None:
        alive()
        heart.beat()

    watchdog = Watchdog(
        timeline=timeline,
        board=board,
        pipeline=pipeline,
        scheduler=scheduler,
        telemetry=telemetry,
        alive=alive_and_well,
    )
    scheduler.slept_reason = watchdog.slept_reason
    measurements = [each for kind in check_types().values() for each in kind.measurements]
    return Assembly(
        timeline=timeline,
        network=network,
        self_check=self_check,
        board=board,
        recorder=recorder,
        pipeline=pipeline,
        connectivity=connectivity,
        scheduler=scheduler,
        watchdog=watchdog,
        dispatcher=dispatcher,
        restater=restater,
        trial=Trial(timeline, notifiers),
        exposition=Exposition(
            board, telemetry, measurements, vantage=settings.vantage, now=timeline.now
        ),
        telemetry=telemetry,
        blackbox=_blackbox(config, network, timeline, telemetry),
        pushes=pushes,
        teller=teller,
        acts=build_acts(
            board,
            pipeline,
            recorder,
            timeline,
            store,
            zone=ZoneInfo(settings.zone),
            data_dir=settings.data_dir,
            reopen=dispatcher.reopen,
        ),
        heart=heart,
        notary=notary,
        keeper=Keeper(
            store,
            telemetry,
            timeline.now_microseconds,
            settings.retention.samples,
            in_doubt=lambda: clock_doubt.until(timeline.now()) is not None,
        ),
        link_key=link_key,
    )


def _cosigner(config: Config, store: SqlStore, network: Network) -> Cosigner | None:
    witness = config.monitor.ledger.witness
    if witness is None:
        return None
    return Cosigner(store, network, witness.url, Witness.parse(witness.key))


def _blackbox(
    config: Config, network: Network, timeline: Timeline, telemetry: PrometheusTelemetry
) -> "Blackbox | None":
    if config.modules is None:
        return None
    from monitor.app.blackbox import build_blackbox  # only who serves /probe pays for it

    return build_blackbox(config, network, timeline, telemetry)


def _descriptors(settings: ProbeSettings) -> int:
    """Return how many descriptors /probe may take: two for each probe, its client's and its own."""
    return 2 * settings.concurrency if settings.enabled else 0


def web_context(
    parts: Assembly, config: Config, reloader: Reloader, open_data: OpenData | None = None
) -> WebContext:
    """Return what the pages and the API need."""
    return WebContext(
        board=parts.board,
        exposition=parts.exposition,
        readiness=_Readiness(parts.watchdog),
        reloader=reloader,
        sender=parts.trial,
        now=parts.timeline.now,
        zone=ZoneInfo(config.monitor.zone),
        language=Language(config.monitor.language),
        names=_names(config.monitor),
        version=version("pantau"),
        blackbox=parts.blackbox,
        pushes=parts.pushes,
        acts=parts.acts,
        archive=Archive(config.monitor.data_dir),
        open_data=open_data,
        link_key=parts.link_key,
    )


def _names(settings: MonitorSettings) -> frozenset[str]:
    """Return the host names by which people and proxies reach us."""
    outside = urlsplit(settings.external_url or "").hostname
    return frozenset(name.lower() for name in (settings.listen.host, outside) if name)
