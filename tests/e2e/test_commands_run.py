"""Commands and skills of files through the real program: what the model is sent, and what happens on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn


def command(place: Place, name: str, text: str) -> Path:
    """A command of the person's own."""
    return written(place.home / ".coder" / "commands" / f"{name}.md", text)


def skill(folder: Path, name: str, text: str) -> Path:
    return written(folder / "skills" / name / "SKILL.md", text)


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def last_texts(api: RunningApi, number: int = -1) -> list[str]:
    """The texts of the last message that a person's side sent."""
    return [block["text"] for block in api.requests[number]["messages"][-1]["content"] if block["type"] == "text"]


def whole(request: dict[str, Any]) -> str:
    return json.dumps(request["messages"])


@pytest.mark.behaviour("B-1168")
@pytest.mark.parametrize("form", ["text", "json", "stream-json"])
def test_a_command_runs_in_every_format(place: Place, form: str) -> None:
    (place.project / "notes.txt").write_text("remember me\n")
    command(place, "look", "---\ndescription: looks\n---\nAbout $0 in @notes.txt: !`cat notes.txt`\n")
    skill(place.project / ".claude", "ship", "---\ndescription: ships it\n---\nShip.\n")
    with fake_api([turn("Seen.")]) as api:
        done = place.coder("-p", "/look cats", "--output-format", form, "--verbose", url=api.url)
        texts = last_texts(api)
    assert done.code == 0, done.stderr
    assert texts[-3:-1] == [
        "<command-name>/look</command-name>\n<command-args>cats</command-args>",
        "About cats in @notes.txt: remember me",
    ]
    assert "remember me" in texts[-1] and texts[-1].startswith("<attached-file ")
    if form == "text":
        assert done.stdout == "Seen.\n"
        return
    assert done.result["result"] == "Seen."
    if form == "stream-json":
        init = next(line for line in done.lines if line.get("subtype") == "init")
        assert {"look", "ship", "compact"} <= set(init["slash_commands"]) and init["skills"] == ["ship"]
        assert "Skill" in init["tools"]


@pytest.mark.behaviour("B-1168")
@pytest.mark.behaviour("B-2710")
@pytest.mark.parametrize("prompt", ["/deplyo now", "  \n/deplyo now"])
def test_one_there_is_none_of_is_an_error_with_a_suggestion(place: Place, prompt: str) -> None:
    command(place, "deploy", "Deploy.\n")
    done = place.coder("-p", prompt, url="http://127.0.0.1:9")
    assert done.code == 2 and done.stdout == ""
    assert done.stderr == (
        "coder: Unknown command: /deplyo. Did you mean /deploy? To send it as text, put a word before it.\n"
    )


@pytest.mark.behaviour("B-1168")
def test_without_commands_a_slash_is_a_letter(place: Place) -> None:
    command(place, "deploy", "Deploy.\n")
    skill(place.project / ".claude", "ship", "---\ndescription: ships it\n---\nShip.\n")
    with fake_api([turn("Seen.")]) as api:
        done = place.coder("-p", "/deploy now", "--disable-slash-commands", url=api.url)
        assert done.code == 0 and last_texts(api)[-1] == "/deploy now"
        assert "Skill" not in [each["name"] for each in api.requests[0]["tools"]]


@pytest.mark.behaviour("B-1168")
def test_what_is_piped_is_what_it_works_on(place: Place) -> None:
    command(place, "explain", "Explain.\n")
    with fake_api([turn("Seen.")]) as api:
        done = place.coder("-p", "/explain", url=api.url, stdin="a diff\n")
        assert done.code == 0 and last_texts(api)[-1] == "Explain.\n\nARGUMENTS: a diff"


@pytest.mark.behaviour("B-1160")
def test_what_may_not_run_sends_nothing(place: Place) -> None:
    command(place, "make", "!`touch made`\n")
    done = place.coder("-p", "/make", "--output-format", "json", url="http://127.0.0.1:9")
    assert done.code == 1 and not (place.project / "made").exists()
    assert done.result["is_error"] and 'permission check failed for pattern "!`touch made`"' in done.result["errors"][0]
    allowed = place.coder("-p", "/make", "--allowedTools", "Bash(touch *)", url="http://127.0.0.1:9", env={"X": "1"})
    assert (place.project / "made").exists() and allowed.code == 4


@pytest.mark.behaviour("B-1160")
def test_settings_switch_shell_commands_off(place: Place) -> None:
    command(place, "look", "Files: !`ls`\n")
    written(place.home / ".coder" / "settings.json", '{"disableSkillShellExecution": true}')
    with fake_api([turn("Seen.")]) as api:
        assert place.coder("-p", "/look", url=api.url).code == 0
        assert last_texts(api)[-1] == "Files: [shell command execution disabled by policy]"


@pytest.mark.behaviour("B-1161")
def test_grants_of_a_command_hold_for_its_run(place: Place) -> None:
    command(place, "make", "---\nallowed-tools: Bash(touch *)\n---\nMake it.\n")
    script = [
        turn(tool("Bash", command="touch made")),
        turn("Made."),
        turn(tool("Bash", command="touch again")),
        turn("No."),
    ]
    with fake_api(script) as api:
        assert place.coder("-p", "/make", url=api.url).code == 0 and (place.project / "made").exists()
        assert place.coder("-p", "-c", "once more", url=api.url).code == 77
    assert not (place.project / "again").exists()


@pytest.mark.behaviour("B-1163")
def test_effort_and_model_of_one_run(place: Place) -> None:
    command(place, "hard", "---\nmodel: claude-opus-4-5\neffort: high\n---\nThink.\n")
    with fake_api([turn("a"), turn("b")]) as api:
        place.coder("-p", "/hard", "--model", "claude-sonnet-4-5", url=api.url)
        assert api.requests[0]["model"] == "claude-opus-4-5"
        place.coder("-p", "-c", "soft", "--model", "claude-sonnet-4-5", url=api.url)
        assert api.requests[1]["model"] == "claude-sonnet-4-5"


@pytest.mark.behaviour("B-1166")
def test_the_model_uses_a_skill(place: Place) -> None:
    skill(place.project / ".claude", "release", "---\ndescription: how we release\n---\nTag $ARGUMENTS and push.\n")
    with fake_api([turn(tool("Skill", skill="release", args="v2")), turn("Tagged.")]) as api:
        assert place.coder("-p", "release v2", url=api.url).stdout == "Tagged.\n"
        first, second = api.requests
    assert first["messages"][0]["content"][1]["text"] == "<skills>\n- release: how we release\n</skills>"
    assert "how we release" not in json.dumps(first["system"]) + json.dumps(first["tools"])
    assert "Tag v2 and push." not in whole(first) and "Tag v2 and push." in whole(second)


@pytest.mark.behaviour("B-1169")
def test_a_skill_that_comes_later_changes_nothing_before(place: Place) -> None:
    folder = place.project / ".claude"
    skill(folder, "one", "---\ndescription: the first\n---\nOne.\n")
    made = ".claude/skills/two"
    make = f"mkdir -p {made} && printf -- '---\\ndescription: the second\\n---\\nTwo.\\n' > {made}/SKILL.md"
    with fake_api([turn(tool("Bash", command=make)), turn("Done.")]) as api:
        done = place.coder("-p", "go", "--permission-mode", "bypassPermissions", url=api.url)
        assert done.code == 0, done.stderr
        first, second = api.requests
    assert first["tools"] == second["tools"] and first["system"] == second["system"]
    assert "the second" not in whole(first) and "- two: the second" in whole(second)


@pytest.mark.behaviour("B-1169")
def test_skills_for_certain_files_alone_are_listed_when_one_is_touched(place: Place) -> None:
    (place.project / "a.ts").write_text("x\n")
    skill(place.project / ".claude", "front", "---\ndescription: the front\npaths: '*.ts'\n---\nFront.\n")
    with fake_api([turn(tool("Read", file_path=str(place.project / "a.ts"))), turn("Done.")]) as api:
        assert place.coder("-p", "go", url=api.url).code == 0
        first, second = api.requests
    assert "Skill" in [each["name"] for each in first["tools"]] and "the front" not in whole(first)
    assert "- front: the front" in whole(second)


@pytest.mark.behaviour("B-1155")
def test_the_line_is_what_a_session_is_called(place: Place) -> None:
    command(place, "look", "Look hard.\n")
    with fake_api([turn("Seen.")]) as api:
        place.coder("-p", "/look at cats", url=api.url)
    done = place.coder("sessions", "list")
    assert "/look at cats" in done.stdout, done.stdout


@pytest.mark.behaviour("B-1360")
@pytest.mark.parametrize("name", ["db:migrate", "migrate", "MIGRATE", "project:db:migrate"])
def test_a_command_is_reached_by_every_name_that_it_has(place: Place, name: str) -> None:
    written(place.project / ".claude" / "commands" / "db" / "migrate.md", "Migrate to $0.\n")
    with fake_api([turn("Done.")]) as api:
        done = place.coder("-p", f"/{name} seven", url=api.url)
        assert done.code == 0, done.stderr
        assert last_texts(api)[-1] == "Migrate to seven."


@pytest.mark.behaviour("B-1360")
def test_a_command_that_another_hides_is_reached_by_whose_it_is(place: Place) -> None:
    written(place.project / ".claude" / "commands" / "ship.md", "The team's.\n")
    command(place, "ship", "Mine.\n")
    for name, text in (("ship", "Mine."), ("project:ship", "The team's."), ("user:ship", "Mine.")):
        with fake_api([turn("Done.")]) as api:
            done = place.coder("-p", f"/{name}", url=api.url)
            assert (done.code, last_texts(api)[-1:]) == (0, [text]), (name, done.stderr)


@pytest.mark.behaviour("B-1360")
def test_a_part_of_a_name_that_two_have_is_no_name(place: Place) -> None:
    for folder in ("db", "web"):
        written(place.project / ".claude" / "commands" / folder / "check.md", "Check.\n")
    with fake_api([turn("Done.")]) as api:
        done = place.coder("-p", "/check", url=api.url)
        assert (done.code, api.requests) == (2, [])
        assert "Unknown command: /check. Did you mean /" in done.stderr
