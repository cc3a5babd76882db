"""The command `pantau`: arguments in, exit code out. One file a command."""
