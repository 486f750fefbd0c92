"""What docs/health.md says of layouts holds."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.health import HealthChecks
from mop_tui.layout import load

DOCUMENT = Path(__file__).parents[2] / "docs" / "health.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
GUIDE, ALL, SIM = BLOCKS
REST = """
  lead: {run: [echo, leading]}
  migrator: {run: [echo, migrating]}
  devops-troubleshooter: {run: [echo, looking]}
teams: {crew: {agents: [lead, compiler, migrator]}}
"""


@pytest.fixture
def read(write: Callable[[str], Path]) -> Callable[[str], HealthChecks]:
    return lambda text: load(write(text)).plan.health


def test_what_holds_by_default_is_what_is_told(
    write: Callable[[str], Path], read: Callable[[str], HealthChecks]
) -> None:
    tasks = "tasks: {one: {agent: lead}, two: {agent: compiler}}\n"
    text = f"{ALL}    run: [echo, compiling]\n{REST}{tasks}"
    assert read(text) == HealthChecks()
    compiler = load(write(text)).plan.kinds["compiler"].health
    assert compiler is not None
    assert (compiler.much_used, compiler.most_used, compiler.interval_ms) == (98, 100, 30_000)
    without = text.replace(ALL.split("agent_types")[0], "session: {id: example}\n")
    assert read(without) == HealthChecks()
    session = "session: {id: example}\n"
    rest = ALL[ALL.index("agent_types") :]
    assert read(f"{session}{GUIDE}{rest}    run: [echo, x]\n{REST}{tasks}") == HealthChecks()


def test_the_rehearsed_illness_loads(write: Callable[[str], Path]) -> None:
    types = "agent_types:\n  compiler: {run: [echo, compiling]}"
    plan = load(write(f"session: {{id: example}}\n{types}{REST}{SIM}")).plan
    [work] = [it for name, it in plan.task_work.items() if name == "migrate"]
    assert work.script is not None
    first, second = work.script.ailments
    assert (first.at_ms, first.lasts_ms, first.response_ms) == (120_000, 90_000, 3_000)
    assert (second.at_ms, second.lasts_ms, second.memory_usage) == (300_000, None, 99)
