"""`pantau notify`: try a receiver, so that the first real alert is not the test."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.deadletters import dead_letters
from monitor.cli.errors import Failed
from monitor.cli.moment import moment_of, moment_option
from monitor.cli.output import print_json
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.domain.text import visible_text

if TYPE_CHECKING:
    from monitor.configuration.config import Config, ConfiguredReceiver


@click.group()
def notify() -> None:
    """Try a receiver of alerts, see who would be told, and what was given up."""


@notify.command()
@click.argument("receiver")
@shared_options
@pass_settings
def test(settings: Settings, receiver: str) -> None:
    """Send a test message to RECEIVER, once, and say whether it arrived.

    The running daemon sends it; without one, this command does. Exit code: 1 if it did not
    arrive.
    """
    from monitor.cli.configured import configuration
    from monitor.configuration.names import nearest

    config = configuration(settings.config_path)
    if receiver not in config.receivers:
        there = nearest(receiver, config.receivers) or ": config/alerts.yaml names none"
        raise click.UsageError(f"there is no receiver {receiver!r}{there}")
    result = _sent(config, receiver)
    if settings.output is Output.JSON:
        print_json(result)
    elif not settings.quiet or not result["delivered"]:
        click.echo(said(result), err=not result["delivered"])
    raise click.exceptions.Exit(0 if result["delivered"] else 1)


@notify.command()
@click.argument("check")
@moment_option
@shared_options
@pass_settings
def explain(settings: Settings, check: str, at: datetime | None) -> None:
    """Say who would be told if CHECK were down, and why. Nothing is sent.

    Every route is named with what it makes of the check now, and what would keep everybody from
    being told: services that it depends on, planned work, and silences.
    """
    from monitor.cli.configured import configuration
    from monitor.cli.explanation import explanation, lines
    from monitor.cli.wishes import wishes
    from monitor.configuration.names import nearest

    config = configuration(settings.config_path)
    each = next((one for one in config.checks if one.check.id == check), None)
    if each is None:
        of_service = [one.check.id for one in config.checks if one.check.service == check]
        known = nearest(check, [one.check.id for one in config.checks])
        raise click.UsageError(
            f"{check!r} is a service; name one of its checks: {', '.join(of_service)}"
            if of_service
            else f"there is no check {check!r}{known}"
        )
    zone = ZoneInfo(config.monitor.zone)
    found = explanation(config, each.check, moment_of(at, zone), wishes(config))
    if settings.output is Output.JSON:
        print_json(found)
    else:
        click.echo("\n".join(lines(found, zone)))


notify.add_command(dead_letters)


def said(result: Mapping[str, Any]) -> str:
    """Return what became of a test message, in a few lines."""
    time, detail = f"{result['seconds']:.2f} s", visible_text(result["detail"])
    if not result["delivered"]:
        return f"✗ {result['receiver']}: not delivered after {time}: {detail}"
    lines = [f"✓ {result['receiver']}: delivered in {time}{f' {detail}' if detail else ''}"]
    if result["sent"]:
        lines += ["", "What was sent:", visible_text(result["sent"], 8192)]
    return "\n".join(lines)


def _sent(config: "Config", receiver: str) -> Mapping[str, Any]:
    from monitor.web.client import ControlClient, ControlError, NoDaemon

    began = monotonic()
    try:
        answer = ControlClient(config.monitor.data_dir).test_receiver(receiver)
    except NoDaemon:
        return asyncio.run(_sent_by_us(config, config.receivers[receiver]))
    except ControlError as error:
        raise Failed(str(error)) from None
    return {
        "receiver": receiver,
        "by": "daemon",
        "delivered": answer.ok,
        "detail": answer.detail,
        "seconds": monotonic() - began,
        "sent": None,
    }


async def _sent_by_us(config: "Config", receiver: "ConfiguredReceiver") -> Mapping[str, Any]:
    """Send without a daemon. Nothing is stored, as nothing of a test is."""
    from monitor.alerting.testmessage import send_test
    from monitor.app.network import build_network
    from monitor.app.receivers import build_notifier
    from monitor.engine.clock import Timeline

    network = build_network(config)
    try:
        notifier = build_notifier(config, receiver, network)
        result = await send_test(notifier, receiver.name, Timeline(epoch=0))
    finally:
        await network.resolver.close()
    return {
        "receiver": receiver.name,
        "by": "command",
        "delivered": result.delivered,
        "detail": result.detail,
        "seconds": result.seconds,
        "sent": result.body.decode(errors="replace"),
    }
