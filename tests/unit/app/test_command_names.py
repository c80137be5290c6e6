"""The names of what can be typed, as `init` has them: those of what is offered, whether files were read or not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.frontends.slash.registry import reserved
from coder.frontends.text import TextOut

COMMAND = "---\ndescription: mine\n---\nDo it.\n"
MODEL_ONLY = "---\ndescription: x\nuser-invocable: false\n---\nDo it.\n"
WORKFLOW = "---\ndescription: mine\n---\n\n## One\n\nDo it.\n"
SETTINGS = ".claude/settings.json"


@pytest.mark.behaviour("B-2491")
@pytest.mark.parametrize(
    ("files", "has"),
    [
        ({}, {("commit", "command"), ("research", "workflow")}),
        ({"project/.claude/commands/mine.md": COMMAND}, {("mine", "command"), ("research", "workflow")}),
        ({"home/.coder/commands/deep/research.md": COMMAND}, {("deep:research", "command")}),
        ({"project/.claude/commands/commit.md": COMMAND}, {("commit", "command")}),
        ({"project/.claude/skills/research/SKILL.md": MODEL_ONLY}, {("migrate", "workflow")}),
        ({"project/.coder/workflows/mine.md": WORKFLOW}, {("migrate", "workflow")}),
        ({"home/.coder/workflows/commit.md": WORKFLOW}, {("migrate", "workflow")}),
        ({f"home/{SETTINGS}": '{"skillOverrides": {"commit": "off"}}'}, {("pr", "command")}),
        ({f"project/{SETTINGS}": '{"disableBundledSkills": true}'}, set()),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
async def test_names_are_those_of_what_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], has: set[tuple[str, str]]
) -> None:
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    home, project = tmp_path / "home", tmp_path / "project"
    for folder in (home, project):
        folder.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    env = {"ANTHROPIC_API_KEY": "x", "PATH": "/bin", "HOME": str(home)}
    config = load(Flags(), env, project, managed=tmp_path / "etc")
    out = TextOut(io.StringIO(), io.StringIO(), verbose=False)
    session = await open_session(config, out, reserved={*reserved(), "explain", "fix-issue"})
    try:
        first = session.command_names
        assert first == tuple((each.name, each.kind) for each in session.commands)
        assert session.command_names == first
        assert has <= set(first) and not {"explain", "fix-issue"} & {name for name, _ in first}
    finally:
        await session.aclose()
