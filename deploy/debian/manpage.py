"""Print the manual page pantau(1), made from the commands that there are: `manpage.py VERSION`."""

import sys

from monitor.cli.main import COMMANDS

_PAGE = r""".TH PANTAU 1 "" "pantau {version}" "User Commands"
.SH NAME
pantau \- keep watch over a city's digital services
.SH SYNOPSIS
.B pantau
.RI [ options ]
.I command
.RI [ arguments ]
.SH DESCRIPTION
Runs checks on a schedule, keeps an exact record of what it saw, tells people, and computes
availability that others can verify.
.SH COMMANDS
{commands}
.PP
.B pantau
.I command
.B \-\-help
tells each one's options.
.SH OPTIONS
.TP
.BI \-\-config " PATH"
The checks; config/ lies beside it. The service reads /etc/pantau/checks.yaml.
.SH EXIT STATUS
0 fine, 1 failed, 2 usage.
.SH FILES
.TP
.I /etc/pantau/checks.yaml
What is watched. Examples are in /usr/share/doc/pantau/examples.
.TP
.I /etc/pantau/config/
Settings, receivers of alerts, planned work, service hours and more checks.
.TP
.I /var/lib/pantau
The record.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)"""


def page(version: str) -> str:
    """Return the page in the language of man(7)."""
    commands = (f".TP\n.B {name}\n{text}" for name, (_, text) in COMMANDS.items())
    return _PAGE.format(version=version, commands="\n".join(commands))


if __name__ == "__main__":
    print(page(sys.argv[1]))  # noqa: T201 - its output
