"""Runs the installed command. PANTAU names it; unset, it is the one beside this Python."""

import os
import subprocess
import sys
from pathlib import Path

PANTAU = Path(os.environ.get("PANTAU", Path(sys.executable).with_name("pantau")))


def pantau(folder, *arguments, **environment):
    """Run a command in a folder; return how it ended and what it printed."""
    return subprocess.run(
        [PANTAU, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
