"""Runs `python -m monitor`, which is the command `pantau`."""

from monitor.cli.main import main

if __name__ == "__main__":
    main()
