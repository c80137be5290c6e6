"""The variables and placeholders of a hook."""

from __future__ import annotations

import pytest

from coder.hooks.environment import DEEPEST, DEPTH, depth_of, environment_of, filled, filled_line
from coder.hooks.points import POINTS
from tests.support.hooking import Bench, command, hook_set, on

SECRETS = {
    "ANTHROPIC_API_KEY": "sk-1",
    "ANTHROPIC_AUTH_TOKEN": "sk-2",
    "ANTHROPIC_CUSTOM_HEADERS": "sk-3",
    "CLAUDE_CODE_OAUTH_TOKEN": "sk-4",
    "CODER_API_KEY": "sk-5",
    "AWS_BEARER_TOKEN_BEDROCK": "sk-6",
    "OTEL_EXPORTER_OTLP_HEADERS": "sk-7",
    "OTEL_SERVICE_NAME": "sk-8",
    "CODER_TRUST_FOLDER": "sk-9",
}


@pytest.mark.behaviour("B-1182")
async def test_credentials_of_the_model_reach_no_hook(bench: Bench) -> None:
    bench.env |= SECRETS | {"LANG": "C.UTF-8", "MY_TOKEN": "mine"}
    part = await bench.one("env")
    assert "sk-" not in part.ended.stdout
    assert "MY_TOKEN=mine" in part.ended.stdout


@pytest.mark.behaviour("B-1182")
async def test_what_the_person_names_reaches_it(bench: Bench) -> None:
    bench.env |= SECRETS
    engine = bench.engine(on("Stop", command("env")), settings_env={"ANTHROPIC_API_KEY": "meant", "OTEL_X": "meant"})
    printed = (await bench.run(engine, "Stop")).parts[0].ended.stdout
    assert "ANTHROPIC_API_KEY=meant" in printed
    assert "OTEL_X=meant" in printed
    assert "sk-" not in printed


@pytest.mark.behaviour("B-1183")
async def test_what_coder_says_of_itself(bench: Bench) -> None:
    file = bench.folder / "env.sh"
    engine = bench.engine(on("SessionStart", command("env")) | on("Stop", command("env")), effort="high", env_file=file)
    started = (await bench.run(engine, "SessionStart")).parts[0].ended.stdout.splitlines()
    stopped = (await bench.run(engine, "Stop")).parts[0].ended.stdout.splitlines()
    for line in (f"CLAUDE_PROJECT_DIR={bench.folder}", "CLAUDECODE=1", "CLAUDE_EFFORT=high"):
        assert line in started
        assert line in stopped
    assert f"CLAUDE_ENV_FILE={file}" in started
    assert not any(line.startswith("CLAUDE_ENV_FILE") for line in stopped)


def test_nobody_sets_what_coder_says(bench: Bench) -> None:
    (handler,) = hook_set(on("Stop", command("x"))).all
    surroundings = bench.surroundings(
        settings_env={DEPTH: "0", "CLAUDE_PROJECT_DIR": "/etc", "PATH": ".:bin:/usr/bin:", "A=B": "x", "C": "\0"}
    )
    env = environment_of(handler, POINTS["Stop"], surroundings)
    assert (env[DEPTH], env["CLAUDE_PROJECT_DIR"], env["PATH"]) == ("1", str(bench.folder), "/usr/bin")
    assert "A=B" not in env
    assert "C" not in env


@pytest.mark.parametrize(
    ("text", "depth"),
    [("", 0), ("1", 1), ("3", DEEPEST), ("99", DEEPEST), ("-1", 0), ("x", 0), ("²", 0), ("9" * 99, 0)],
)
def test_depth(text: str, depth: int) -> None:
    assert depth_of({DEPTH: text}) == depth


@pytest.mark.behaviour("B-1183")
async def test_a_folder_with_any_name_is_one_word(bench: Bench) -> None:
    """The path is never read as a part of the command."""
    project = bench.folder / "it's $(touch owned) & co"
    project.mkdir()
    (project / "hook.sh").write_text("echo fine\n")
    bench.folder = project
    part = await bench.one('sh "${CLAUDE_PROJECT_DIR}/hook.sh"; sh "$CLAUDE_PROJECT_DIR"/hook.sh', "SessionStart")
    assert part.outcome.notes == ("fine\nfine",)
    assert not list(bench.folder.rglob("owned"))


def test_placeholders(bench: Bench) -> None:
    made, _ = hook_set().with_more(on("Stop", command("x")), "SKILL.md", root="/plug in")
    (handler,) = made.all
    surroundings = bench.surroundings()
    assert filled("${CLAUDE_PLUGIN_ROOT}/$CLAUDE_PLUGIN_ROOT", handler, surroundings) == "/plug in/$CLAUDE_PLUGIN_ROOT"
    assert filled_line("'${CLAUDE_PROJECT_DIR}'", handler, surroundings) == f"'{bench.folder}'"
    assert filled_line("'${CLAUDE_PLUGIN_ROOT}'", handler, surroundings) == "'${CLAUDE_PLUGIN_ROOT}'"
    (plain,) = hook_set(on("Stop", command("x"))).all
    assert filled("${CLAUDE_PLUGIN_ROOT}/x", plain, surroundings) == "/x"
    assert filled_line("${CLAUDE_PLUGIN_ROOT:-.}/x", plain, surroundings) == "${CLAUDE_PLUGIN_ROOT:-.}/x"
