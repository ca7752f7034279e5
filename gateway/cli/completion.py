"""The command `completion`."""

from typing import Final

import click
from click.shell_completion import get_completion_class

_NAME: Final = "countersign"
_VARIABLE: Final = "_COUNTERSIGN_COMPLETE"

_WHOLE_WORDS: Final = """
_countersign_whole() {
    # Bash breaks words at colons, and ids hold them: put them together, and offer what is missing.
    local -a words=()
    local word glue=
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ ${#words[@]} -gt 0 && ( $glue || $word == :* ) ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        glue=
        if [[ $word == *: ]]; then glue=1; fi
    done
    local last=${words[${#words[@]}-1]}
    local typed=${last%"${last##*:}"}
    local COMP_CWORD=$((${#words[@]} - 1))
    local -a COMP_WORDS=("${words[@]}")
    _countersign_completion "$@"
    if [[ $COMP_WORDBREAKS == *:* ]]; then COMPREPLY=("${COMPREPLY[@]#"$typed"}"); fi
}

complete -o nosort -F _countersign_whole countersign
"""
_AT_COMMAS: Final = 'string split ","'
_AT_FIRST_COMMA: Final = 'string split --max 1 ","'
"""Of what fish is told beside an id nothing is lost: half an amount would mislead."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands, options and ids.

    For one session: eval "$(countersign completion bash)", likewise in zsh after compinit; in fish
    countersign completion fish | source. The ids of open approvals and of freezes are asked of the
    gateway, within half a second.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is no shell that is known here.")
    root = context.find_root().command
    script = kind(root, {}, _NAME, _VARIABLE).source()
    if shell == "fish":
        script = script.replace(_AT_COMMAS, _AT_FIRST_COMMA)
    click.echo(script + _WHOLE_WORDS if shell == "bash" else script)
