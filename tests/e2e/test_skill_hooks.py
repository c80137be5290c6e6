"""Hooks in the head of a skill or command, through the real program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.hooked import kept, settings, write


def head(event: str, line: str, more: str = "", matcher: str = "Bash") -> str:
    return (
        f"---\ndescription: careful\nhooks:\n  {event}:\n    - matcher: {matcher}\n      hooks:\n"
        f"        - type: command\n          command: {json.dumps(line)}\n{more}---\nBe careful.\n"
    )


def skill(folder: Path, name: str, text: str) -> Path:
    path = folder / "skills" / name / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def own(place: Place) -> Path:
    return place.home / ".coder"


ONCE = "          once: true\n"
BASH = turn(tool("Bash", command="true"))
GUARD = "echo 'not in this skill' >&2; exit 2"


@pytest.mark.behaviour("B-1300")
@pytest.mark.parametrize("has_others", [False, True])
def test_hooks_of_a_typed_skill_count_from_its_run_on(place: Place, tmp_path: Path, has_others: bool) -> None:
    seen = tmp_path / "seen"
    if has_others:
        settings(place, {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]})
    skill(own(place), "careful", head("PreToolUse", f'cat >> {seen}; echo "$CLAUDE_PLUGIN_ROOT" >&2; exit 2'))
    script = [BASH, turn("One."), turn(tool("Skill", skill="careful")), BASH, BASH, turn("Two.")]
    with fake_api(script) as api:
        assert place.coder("-p", "plain", url=api.url).code == 0 and not seen.exists()
        done = place.coder("-p", "careful now", "--allowed-tools", "Skill(careful)", url=api.url)
        assert done.stdout == "Two.\n", done
    api.check()
    told = kept(seen)
    assert [each["hook_event_name"] for each in told] == ["PreToolUse", "PreToolUse"] and told[0]["prompt_id"]
    asked = json.dumps(api.requests[4]["messages"])
    assert f"{own(place)}/skills/careful" in asked and api.requests[2]["tools"] == api.requests[4]["tools"]
    assert api.requests[2]["system"] == api.requests[4]["system"]


@pytest.mark.behaviour("B-1300")
def test_hooks_of_a_command_that_is_typed_guard_its_calls_and_once_is_once(place: Place, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    commands = own(place) / "commands"
    commands.mkdir(parents=True)
    (commands / "guard.md").write_text(head("PreToolUse", GUARD))
    (commands / "look.md").write_text(head("PreToolUse", f"cat >> {seen}", ONCE))
    with fake_api([BASH, turn("No."), BASH, BASH, turn("Yes.")]) as api:
        place.coder("-p", "/guard it", url=api.url)
        assert "not in this skill" in json.dumps(api.requests[1]["messages"])
        assert place.coder("-p", "/look", url=api.url).stdout == "Yes.\n"
    assert len(kept(seen)) == 1


@pytest.mark.behaviour("B-1301")
@pytest.mark.parametrize("way", ["untrusted", "off", "by flag", "safe"])
def test_hooks_of_a_head_that_do_not_count_never_run(place: Place, tmp_path: Path, way: str) -> None:
    seen = tmp_path / "seen"
    folder = place.project / ".claude" if way == "untrusted" else own(place)
    skill(folder, "careful", head("PreToolUse", f"touch {seen}"))
    if way == "off":
        write(own(place) / "settings.json", {"disableAllHooks": True})
    options: tuple[str, ...] = ("--safe-mode",) if way == "safe" else ()
    if way == "by flag":
        options = ("--settings", '{"disableAllHooks": true}')
    with fake_api([BASH, turn("Done.")]) as api:
        place.coder("-p", "/careful" if way != "safe" else "go", *options, url=api.url)
        assert len(api.requests) == 2 and not seen.exists()
    if way == "untrusted":
        with fake_api([BASH, turn("Done.")]) as api:
            assert place.coder("-p", "/careful", "--trust-folder", url=api.url).stdout == "Done.\n"
        assert seen.exists(), "the canary can sing"


@pytest.mark.behaviour("B-1301")
def test_a_prompt_that_is_refused_brings_no_hooks_and_a_mistake_in_a_head_is_named(
    place: Place, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    skill(own(place), "careful", head("SessionEnd", f"touch {seen}", matcher="other"))
    settings(place, {"UserPromptSubmit": [{"hooks": [{"type": "command", "command": "exit 2"}]}]})
    assert place.coder("-p", "/careful", url="http://127.0.0.1:9").code == 1 and not seen.exists()
    settings(place, {})
    bad = head("PreTolUse", "true")
    path = skill(own(place), "odd", bad)
    with fake_api([turn("Done."), turn("Done.")]) as api:
        assert place.coder("-p", "/careful", url=api.url).code == 0 and seen.exists()
        done = place.coder("-p", "/odd", url=api.url)
    assert f"{path}: hooks.PreTolUse is no event. Did you mean PreToolUse?" in done.stderr


@pytest.mark.behaviour("B-1313")
def test_stream_json_tells_of_skills_styles_and_the_hooks_of_skills(place: Place) -> None:
    skill(own(place), "careful", head("PreToolUse", "echo seen"))
    with fake_api([BASH, turn("Done.")]) as api:
        done = place.coder(
            *("-p", "/careful now", "--output-format", "stream-json", "--include-hook-events", "--verbose"),
            *("--settings", '{"outputStyle": "Concise"}'),
            url=api.url,
        )
    init = next(line for line in done.lines if line.get("subtype") == "init")
    assert "careful" in init["slash_commands"] and init["skills"] == ["careful"] and init["output_style"] == "Concise"
    hooks = [line for line in done.lines if str(line.get("subtype")).startswith("hook_")]
    assert [(line["subtype"], line["hook_event"]) for line in hooks] == [
        ("hook_started", "PreToolUse"), ("hook_response", "PreToolUse"),
    ]  # fmt: skip
    assert done.result["result"] == "Done."
