"""Receivers as they are configured, ready to be told something."""

from collections.abc import Mapping, Sequence
from functools import partial

from monitor.alerting.testmessage import send_test
from monitor.app.planning import mailings_of
from monitor.app.reportfiling import FOLDER
from monitor.configuration.config import Config, ConfiguredReceiver
from monitor.domain.mailing import reader_name
from monitor.net.network import Network
from monitor.ports import Clock, Notifier, Telemetry
from monitor.receivertype import ReceiverContext
from monitor.web.context import SendResult


def external_url(config: Config) -> str:
    """Return where people reach our pages, without a final slash."""
    return config.monitor.external_url or f"http://{config.monitor.listen}"


def build_notifier(
    config: Config,
    receiver: ConfiguredReceiver,
    network: Network,
    telemetry: Telemetry | None = None,
    link_key: bytes | None = None,
) -> Notifier:
    """Return what tells `receiver` something, in the words that `config` asks for.

    Its messages carry links signed with `link_key` where it is known from where we are reached.
    """
    context = _context(config, receiver.name, network, telemetry, link_key)
    return receiver.kind.connect(receiver.spec, context)


def _context(
    config: Config,
    name: str,
    network: Network,
    telemetry: Telemetry | None = None,
    link_key: bytes | None = None,
) -> ReceiverContext:
    counts = {"missed": partial(telemetry.notification_failed, name)} if telemetry else {}
    return ReceiverContext(
        name=name,
        network=network,
        external_url=external_url(config),
        language=config.monitor.language,
        zone=config.monitor.zone,
        link_key=link_key if config.monitor.external_url else None,
        link_lasts=config.link_lasts,
        **counts,
    )


def build_notifiers(
    config: Config,
    network: Network,
    telemetry: Telemetry,
    former: Mapping[str, Notifier] | None = None,
    link_key: bytes | None = None,
) -> dict[str, Notifier]:
    """Return a notifier for each receiver of `config`, by name: a `former` one if it is equal."""
    built = {
        name: build_notifier(config, receiver, network, telemetry, link_key)
        for name, receiver in config.receivers.items()
    }
    known = former or {}
    return {name: known[name] if known.get(name) == new else new for name, new in built.items()}


def build_readers(config: Config, network: Network, telemetry: Telemetry) -> dict[str, Notifier]:
    """Return a notifier for each reader of scheduled reports, by what the outbox calls them."""
    found: dict[str, Notifier] = {}
    for mailing in mailings_of(config):
        for address in mailing.readers:
            name = reader_name(mailing.through, address)
            found[name] = _reader(config, mailing.through, address, network, telemetry)
    return found


def _reader(
    config: Config, through: str, address: str, network: Network, telemetry: Telemetry
) -> Notifier:
    from monitor.notifiers.email import EmailSpec  # only whose reports have readers pays for it
    from monitor.notifiers.email.letter import reader

    receiver = config.receivers[through]
    assert isinstance(receiver.spec, EmailSpec)  # noqa: S101  the configuration was held against it
    context = _context(config, reader_name(through, address), network, telemetry)
    return reader(receiver.spec, context, address, config.monitor.data_dir / FOLDER)


class Trial:
    """Sends test messages through the notifiers in force. Implements `web.context.TestSender`."""

    def __init__(self, clock: Clock, notifiers: Mapping[str, Notifier]) -> None:
        self._clock = clock
        self.notifiers = notifiers

    def receivers(self) -> Sequence[str]:
        """Return the names of all receivers."""
        return tuple(self.notifiers)

    async def send(self, receiver: str) -> SendResult:
        """Send a test message to `receiver` at once, past the outbox."""
        result = await send_test(self.notifiers[receiver], receiver, self._clock)
        return SendResult(ok=result.delivered, detail=result.detail or f"as {result.id}")
