"""The interface of blackbox_exporter, put together as it is configured."""

from importlib import import_module

from monitor.blackbox.gate import allowed
from monitor.blackbox.modules import Modules
from monitor.blackbox.prober import probe
from monitor.blackbox.turnstile import Turnstile
from monitor.checktype import ProbeContext
from monitor.configuration.config import Config
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.net.network import Network
from monitor.ports import Clock
from monitor.web.blackbox import Blackbox, Offer


def build_blackbox(
    config: Config, network: Network, clock: Clock, telemetry: PrometheusTelemetry
) -> Blackbox:
    """Return what answers /probe. `config` has modules."""
    offer = offer_of(config)
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


def offer_of(config: Config) -> Offer:
    """Return the modules of `config` and what they may probe."""
    probed = (text for each in config.checks for text in each.spec.probed())
    is_open = config.monitor.probe.targets == "any"
    return Offer(modules=config.modules or {}, allowed=None if is_open else allowed(probed))
