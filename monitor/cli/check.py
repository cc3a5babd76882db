"""`pantau check`: one probe, now, and all that it saw."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from monitor.cli.output import print_csv, print_json, terminal_width
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config, ConfiguredCheck
    from monitor.domain.check import Check
    from monitor.domain.observation import Observation

    Show = Callable[[Observation, Observation | None], None]


def _length(_: click.Context, __: click.Parameter, value: str | None) -> timedelta | None:
    """Return a duration as the configuration has it."""
    from monitor.fields.durations import parse_duration

    try:
        length = None if value is None else parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if length == timedelta(0):
        raise click.BadParameter("no probe ends in no time")
    return length


@click.command()
@click.argument("target", metavar="ID|URL")
@click.option("--watch", is_flag=True, help="Again at the check's interval, until Ctrl-C.")
@click.option(
    "--nagios",
    is_flag=True,
    help="Print a plugin line; exit 0 up, 1 degraded, 2 down, 3 unknown or usage error.",
)
@click.option(
    "--timeout", callback=_length, metavar="TIME", help="How long it may take, such as 5s."
)
@shared_options
@pass_settings
def check(
    settings: Settings, target: str, *, watch: bool, nagios: bool, timeout: timedelta | None
) -> None:
    """Probe once, now, and show all that was seen.

    ID names a check of the configuration. A URL needs none: https://…, http://…,
    tls://HOST[:PORT], tcp://HOST:PORT, ssh://HOST[:PORT], ntp://HOST[:PORT],
    redis[s]://HOST[:PORT], ldap[s]://HOST[:PORT], icmp://HOST or dns:NAME[/TYPE].

    Exit code: 0 if the target is up or degraded, else 1.
    """
    config, chosen = _chosen(settings, target, timeout)
    show = partial(_show, settings, chosen.check, config.monitor.zone, nagios=nagios, watch=watch)
    last = asyncio.run(_probed(config, chosen, show, watch=watch))
    raise click.exceptions.Exit(_code(last, nagios=nagios))


def _chosen(
    settings: Settings, target: str, timeout: timedelta | None
) -> tuple["Config", "ConfiguredCheck"]:
    """Return the configuration, and the check that `target` means.

    A URL needs no configuration; where there is one, its resolver and its self-check are used.
    """
    from monitor.cli.adhoc import adhoc_check, is_url
    from monitor.cli.configured import configuration, no_configuration

    path = settings.config_path
    if not is_url(target):
        return (config := configuration(path)), _configured(config, target, timeout)
    bare = settings.config is None and not path.exists()
    config = no_configuration() if bare else configuration(path)
    from monitor.probes import check_types

    return config, adhoc_check(target, check_types(), timeout)


def _configured(config: "Config", name: str, timeout: timedelta | None) -> "ConfiguredCheck":
    from monitor.configuration.names import nearest

    known = {one.check.id: one for one in (*config.checks, *config.disabled)}
    found = next((one for one in known.values() if one.check.id == name), None)
    if found is None:
        raise click.UsageError(f"there is no check {name!r}{nearest(name, known)}")
    if timeout is None:
        return found
    changed = replace(found.check, timeout=timeout, interval=max(found.check.interval, timeout))
    return replace(found, check=changed)


async def _probed(
    config: "Config", chosen: "ConfiguredCheck", show: "Show", *, watch: bool
) -> "Observation":
    """Probe, show, and while `watch` says so again at the check's interval."""
    from monitor.app.network import build_network, build_self_check
    from monitor.cli.probing import Prober

    loop = asyncio.get_running_loop()
    network = build_network(config)
    prober = Prober(network, build_self_check(config, network), config.monitor.vantage)
    before = None
    try:
        while True:
            due = loop.time() + chosen.check.interval.total_seconds()
            observation = await prober.probe(chosen)
            show(observation, before)
            if not watch:
                return observation
            before = observation
            await asyncio.sleep(due - loop.time())
    finally:
        await network.resolver.close()


def _show(
    settings: Settings,
    check: "Check",
    zone: str,
    observation: "Observation",
    before: "Observation | None",
    *,
    nagios: bool,
    watch: bool,
) -> None:
    """Show what was seen; `before` is what was seen and shown the time before, if any."""
    from monitor.cli import checkview, observed
    from monitor.cli import nagios as plugin

    if nagios:
        click.echo(plugin.plugin_line(check, observation))
    elif settings.output is Output.JSON:
        print_json(observed.document(check, observation), indent=None if watch else 2)
    elif settings.output is Output.CSV:
        print_csv(
            observed.COLUMNS if before is None else None, [observed.record(check, observation)]
        )
    elif settings.quiet:
        return
    elif before is None or before.sample is not observation.sample:
        width = min(terminal_width() or 80, 100)
        click.echo(checkview.view(check, observation, ZoneInfo(zone), width))
        if watch:
            click.echo()
    else:
        click.echo(checkview.line(observation, ZoneInfo(zone)))


def _code(observation: "Observation", *, nagios: bool) -> int:
    from monitor.cli.nagios import exit_code

    code = exit_code(observation)
    return code if nagios else int(code > 1)
