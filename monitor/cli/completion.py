"""`pantau completion`: completion of commands and options by the shell."""

import click

from monitor.cli.settings import shared_options


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@shared_options
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    r"""Print the completion for a shell.

    \b
    bash:  eval "$(pantau completion bash)"       in ~/.bashrc
    zsh:   eval "$(pantau completion zsh)"        in ~/.zshrc
    fish:  pantau completion fish > ~/.config/fish/completions/pantau.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101
    root = ctx.find_root()
    click.echo(found(root.command, {}, "pantau", "_PANTAU_COMPLETE").source())
