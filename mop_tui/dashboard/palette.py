"""The command palette: everything that a key does here and now, found by typing what it is."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.types import IgnoreReturnCallbackType


class _Command(NamedTuple):
    text: str
    run: IgnoreReturnCallbackType


class KeyCommands(Provider):
    """Offers the keys that work on the screen below, from where they are declared."""

    def _commands(self) -> Iterator[_Command]:
        seen = {"command_palette"}
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            text = binding.tooltip or binding.description
            if enabled and text and binding.action not in seen:
                seen.add(binding.action)
                key = self.app.get_key_display(binding)
                yield _Command(f"{text}  ({key})", partial(self._run, binding.action, node))

    async def _run(self, action: str, node: DOMNode) -> None:
        await self.app.run_action(action, node)

    async def discover(self) -> Hits:
        """Offer everything, as long as nothing is typed."""
        for command in self._commands():
            yield DiscoveryHit(command.text, command.run)

    async def search(self, query: str) -> Hits:
        """Offer what fits to what is typed."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.text)
            if score > 0:
                yield Hit(score, matcher.highlight(command.text), command.run)
