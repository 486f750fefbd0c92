"""Secrets do not stand where others can read them, and what is none is not taken for one."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mop_tui.layout import LayoutError, load, plan_of

Write = Callable[[str], Path]


def layout(run: object, **variables: str) -> str:
    document = {
        "session": {"id": "dig", "vars": {"place": "here", **variables}},
        "agent_types": {"worker": {"run": run}},
        "teams": {"crew": {"agents": ["worker"]}},
        "tasks": {"dig": {"agent": "worker"}},
    }
    return yaml.safe_dump(document, sort_keys=False)


def told(path: Path) -> list[str]:
    with pytest.raises(LayoutError) as refused:
        load(path)
    assert "hunter2" not in str(refused.value)
    return [problem.path for problem in refused.value.problems]


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "db_password",
        "SMTP_PASSWD",
        "CLIENT_SECRET",
        "GH_TOKEN",
        "TOKEN_OF_MINE",
        "OPENAI_API_KEY",
        "APIKEY",
        "SSH_PRIVATE_KEY",
        "AWS_CREDENTIALS",
    ],
)
def test_a_telling_name_of_a_variable_gives_a_secret_away(write: Write, name: str) -> None:
    run = {"command": ["dig"], "env": {name: "hunter2"}}

    assert told(write(layout(run))) == [f"agent_types.worker.run.env.{name}"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD", ""),
        ("PASSWORD_FILE", "/run/secrets/password"),
        ("TOKEN_FD", "3"),
        ("API_KEY_PATH", "key"),
        ("PASSWORD", "${layout.dir}/password"),
        ("PASSWORD", "${session.workspace}/password"),
        ("MAX_TOKENS", "4096"),
        ("SECRETARY", "ann"),
        ("KEY", "value"),
        ("KEY_API", "value"),
        ("URL", "https://example.org:8080/a@b"),
        ("URL", "https://me@example.org/"),
    ],
)
def test_what_is_no_secret_may_be_set(write: Write, name: str, value: str) -> None:
    run = {"command": ["dig"], "env": {name: value}}

    assert load(write(layout(run))).plan.agents


def test_what_is_inherited_is_the_operators_own(write: Write) -> None:
    run = {"command": ["dig"], "inherit_env": ["GH_TOKEN"]}

    assert load(write(layout(run))).plan.agents


@pytest.mark.parametrize(
    "words",
    [
        ["--password=hunter2"],
        ["--db-password", "hunter2"],
        ["--api-key=${place}"],
        ["--api_key", "hunter2"],
        ["--client-secret=hunter2"],
        ["--token=$TOKEN"],
        ["run", "-e", "TOKEN=hunter2"],
        ["run", "--env=TOKEN=hunter2"],
        ["https://me:hunter2@example.org"],
        ["--index=https://:hunter2@example.org"],
        ["-c", "login --token hunter2"],
        ["-c", "TOKEN=hunter2 login"],
    ],
)
def test_a_command_gives_a_secret_away(write: Write, words: list[str]) -> None:
    assert told(write(layout(["dig", *words]))) == [f"agent_types.worker.run[{len(words)}]"]


@pytest.mark.parametrize(
    "words",
    [
        ["--password"],
        ["--password", "--verbose"],
        ["--password="],
        ["--password", ""],
        ["--password", "-"],
        ["--password=@password"],
        ["--token", "/dev/fd/3"],
        ["--token", "file:token"],
        ["--token=${layout.dir}/token"],
        ["--password-file", "password"],
        ["--password-stdin", "hunter2"],
        ["--with-token", "login"],
        ["--no-password", "hunter2"],
        ["--token-limit", "4096"],
        ["--tokens", "4096"],
        ["password", "hunter2"],
        ["-c", "token=3"],
        ["-c", 'login --token "$TOKEN"'],
        ["https://example.org:8080/"],
    ],
)
def test_a_command_without_a_secret_is_fine(write: Write, words: list[str]) -> None:
    assert load(write(layout(["dig", *words]))).plan.agents


@pytest.mark.parametrize(
    "script",
    [
        "login --token hunter2",
        "login --token \\\n  hunter2",
        "login --token='hunter2'",
        "token=hunter2; login",
        "export TOKEN=hunter2",
        "TOKEN=${place} login",
        "fetch https://me:hunter2@example.org",
        "fetch https://example.org?token=hunter2",
    ],
)
def test_a_script_gives_a_secret_away(write: Write, script: str) -> None:
    assert told(write(layout({"shell": script}))) == ["agent_types.worker.run.shell"]


@pytest.mark.parametrize(
    "script",
    [
        'login --token "$TOKEN"',
        "login --token \\\n  $TOKEN",
        "login --token=$(cat token)",
        "login --token `cat token`",
        "login --token $${TOKEN}",
        'TOKEN="$(cat token)" login',
        "TOKEN= login",
        "fetch https://me:$PASSWORD@example.org",
        "ask --password | login --password > log",
        '[[ "$TOKEN" == abc ]] && [[ $token==abc ]]',
        "echo tokens=7",
    ],
)
def test_what_a_script_looks_up_by_itself_is_fine(write: Write, script: str) -> None:
    assert load(write(layout({"shell": script}))).plan.agents


def test_the_operator_cannot_set_a_secret_either(write: Write) -> None:
    path = write(layout(["dig"], password="", home="https://example.org"))

    with pytest.raises(LayoutError) as refused:
        load(path, overrides={"password": "hunter2", "home": "https://me:hunter2@example.org"})
    puts = (
        "puts a secret into the session file; ask for it with an input question of input_type "
        "password, whose answer only the agent of the task gets"
    )
    assert str(refused.value).splitlines() == [
        f"{path}:3:3: --set password: {puts}; if it is none, give the variable another name",
        f"{path}:3:3: --set home: {puts}",
    ]


def test_a_variable_with_a_telling_name_may_be_empty_or_a_path(write: Write) -> None:
    path = write(layout(["dig"], password="", key_file="x", **{"api-token": "${layout.dir}/x"}))

    assert load(path, overrides={"key_file": "y"}).plan.variables["key_file"] == "y"


def test_what_was_recorded_can_still_be_read(write: Write) -> None:
    document = load(write(layout(["dig"]))).document
    document["agent_types"] = {"worker": {"run": {"command": ["dig", "--password=hunter2"]}}}

    assert plan_of(document).agents
