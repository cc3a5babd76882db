"""The interface of blackbox_exporter, put together as it is configured."""

from importlib import import_module

from monitor.blackbox.gate import allowed
from monitor.blackbox.modules import Modules
from monitor.blackbox.turnstile import Turnstile
from monitor.checktype import ProbeContext
from monitor.configuration.config import Config
from monitor.configuration.settings import ProbeSettings
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.net.network import Network
from monitor.ports import Clock
from monitor.web.blackbox import Blackbox, Offer


def build_blackbox(
    config: Config, network: Network, clock: Clock, telemetry: PrometheusTelemetry
) -> Blackbox | None:
    """Return what answers /probe; None while it is off."""
    offer = offer_of(config)
    if offer is None:
        return None
    from monitor.blackbox.prober import probe  # only who serves /probe pays for it

    _load_early(offer.modules)

    def context(seconds: float) -> ProbeContext:
        return ProbeContext(
            network=network,
            deadline=clock.monotonic() + seconds,
            monotonic=clock.monotonic,
            now=clock.now(),
        )

    settings = config.monitor.probe
    telemetry.serves_blackbox()
    return Blackbox(
        offer=offer,
        probe=probe,
        context=context,
        turnstile=Turnstile(settings.concurrency, settings.rate, clock.monotonic),
        count_unknown=telemetry.module_unknown,
    )


def _load_early(modules: Modules) -> None:
    """Load what takes a tenth of a second, which the first probe would otherwise stop us for."""
    if any(module.prober == "http" and module.http.enable_http2 for module in modules.values()):
        import_module("monitor.net.http2")


def offer_of(config: Config) -> Offer | None:
    """Return the modules of `config` and what they may probe; None while /probe is off."""
    if config.modules is None:
        return None
    probed = (text for each in config.checks for text in each.spec.probed())
    is_open = config.monitor.probe.targets == "any"
    return Offer(modules=config.modules, allowed=None if is_open else allowed(probed))


def descriptors_of(settings: ProbeSettings) -> int:
    """Return how many descriptors /probe may take: two for each probe, its client's and its own."""
    return 2 * settings.concurrency if settings.enabled else 0
