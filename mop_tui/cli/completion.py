"""`mop-tui completion`: what makes a shell complete commands."""

import click

from mop_tui.cli.completing import ASKED_BY, SHELLS
from mop_tui.cli.manual import Documented, Manual

SCRIPTS = {
    "bash": f"""\
# Completion of mop-tui for bash.
_mop_tui() {{
    local word
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <({ASKED_BY}=bash COMP_LINE="${{COMP_LINE:0:COMP_POINT}}" \\
        COMP_WORDBREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null)
    # What ends in a slash or an equals sign goes on.
    if [[ ${{#COMPREPLY[@]}} -eq 1 && ${{COMPREPLY[0]}} == *[/=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}}
complete -o nosort -F _mop_tui mop-tui 2>/dev/null || complete -F _mop_tui mop-tui
""",
    "zsh": f"""\
#compdef mop-tui
# Completion of mop-tui for zsh.
_mop_tui() {{
    local -a ends goes_on
    local line word
    for line in "${{(@f)$({ASKED_BY}=zsh ${{words[1]}} \\
        "${{(@Q)words[2,CURRENT-1]}}" "${{(Q)PREFIX}}" 2>/dev/null)}}"; do
        word=${{${{line%%$'\\t'*}}//:/\\\\:}}
        [[ -z $word ]] && continue
        [[ $line == *$'\\t'* ]] && word+=":${{line#*$'\\t'}}"
        # What ends in a slash or an equals sign goes on.
        if [[ ${{line%%$'\t'*}} == *[/=] ]]; then goes_on+=("$word"); else ends+=("$word"); fi
    done
    (( $#ends )) && _describe -V mop-tui ends
    (( $#goes_on )) && _describe -V prefix goes_on -S ''
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _mop_tui "$@"
else
    compdef _mop_tui mop-tui
fi
""",
    "fish": f"""\
# Completion of mop-tui for fish.
function __mop_tui_suggest
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l begun (commandline -ct)
    env {ASKED_BY}=fish $program $words "$begun" 2>/dev/null
end
complete --command mop-tui --no-files --keep-order --arguments '(__mop_tui_suggest)'
""",
}

MANUAL = Manual(
    arguments={"SHELL": "bash, zsh or fish."},
    more={
        "INSTALLATION": 'bash: add the line `eval "$(mop-tui completion bash)"` to ~/.bashrc, or,'
        " with the package bash-completion, write the script to"
        " ~/.local/share/bash-completion/completions/mop-tui.\n\n"
        "zsh: write the script to a file _mop-tui in a folder of $fpath, before compinit is called"
        ' in ~/.zshrc; or, after that, add the line `eval "$(mop-tui completion zsh)"`.\n\n'
        "fish: write the script to ~/.config/fish/completions/mop-tui.fish.\n\n"
        "It works in shells that are started then, wherever `mop-tui` can be called by its name.",
    },
    examples={
        "Try it in this shell (bash, zsh):": 'eval "$(mop-tui completion bash)"',
        "Install it for fish:": (
            "mop-tui completion fish > ~/.config/fish/completions/mop-tui.fish"
        ),
    },
    see_also=["info", "sessions", "layouts"],
)


@click.command("completion", cls=Documented, manual=MANUAL)
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that makes SHELL complete mop-tui commands.

    It completes commands and options, layouts (those that come with mop-tui, and files), sessions
    (those that run first, and only those where a command needs that), and in a session its open
    questions with what they can be answered, its agents and its tasks.
    """
    click.echo(SCRIPTS[shell], nl=False)
