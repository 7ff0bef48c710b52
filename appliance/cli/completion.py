"""`completion`: the script with which a shell completes the commands and options of this program."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_DNS_APPLIANCE_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which a shell completes commands and options.

    \b
    Example, in ~/.bashrc: eval "$(dns-appliance completion bash)"
    """
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(script(context.find_root().command, {}, "dns-appliance", VARIABLE).source())
