"""Output styles, language, attribution and the flags round the system prompt, as the API is asked."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Done, Place
from tests.support.fakeapi import fake_api, tool, turn

STAYS = ("You are coder", "# Tools", "# Care", "# Untrusted text", "# Talking", "# Long work")
CODING = ("# How to work", "# Finishing")


def put(path: Path, text: str | dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return path


def settings(place: Place, **values: Any) -> None:
    put(place.home / ".coder" / "settings.json", values)


def asked(place: Place, *args: str, env: dict[str, str] | None = None) -> tuple[Done, dict[str, Any]]:
    """One run, and its request."""
    with fake_api([turn("ok")]) as api:
        done = place.coder("-p", "x", *args, url=api.url, env=env)
    assert done.code == 0, done.stderr
    return done, api.requests[0]


def blocks(body: dict[str, Any]) -> list[str]:
    return [block["text"] for block in body.get("system", [])]


def system(body: dict[str, Any]) -> str:
    return "\n\n".join(blocks(body))


def names(body: dict[str, Any]) -> list[str]:
    return [each["name"] for each in body["tools"]]


@pytest.mark.behaviour("B-1260")
@pytest.mark.parametrize(
    ("name", "words"),
    [("Proactive", "go ahead"), ("concise", "shortest"), ("Explanatory", "**Insight**"), ("LEARNING", "TODO(human)")],
)
def test_a_built_in_style_is_added_behind_the_whole_system_prompt(place: Place, name: str, words: str) -> None:
    settings(place, outputStyle=name)
    done, body = asked(place)
    first, style = blocks(body)
    assert all(heading in first for heading in (*STAYS, *CODING))
    assert style.lower().startswith(f"# output style: {name.lower()}\n") and words in style and "---" not in style
    assert done.stderr == ""


@pytest.mark.behaviour("B-1260")
def test_the_default_style_adds_nothing(place: Place) -> None:
    _, plain = asked(place)
    settings(place, outputStyle="Default")
    _, named = asked(place)
    assert named["system"] == plain["system"] and len(plain["system"]) == 1


@pytest.mark.behaviour("B-1261")
def test_styles_are_found_in_your_folders_and_the_projects_and_the_nearest_counts(place: Place) -> None:
    (place.project / ".git").mkdir()
    inner = place.project / "a" / "b"
    inner.mkdir(parents=True)
    folders = [  # the weakest first
        place.project / ".claude",
        place.project / ".coder",
        inner / ".claude",
        place.home / ".claude",
        place.home / ".coder",
    ]
    settings(place, outputStyle="team voice")
    put(place.home.parent / ".claude" / "output-styles" / "team.md", "---\nname: Team voice\n---\nAbove all.")
    for number, folder in enumerate(folders):
        put(folder / "output-styles" / "some.md", f"---\nname: Team voice\n---\nSay {number}.")
        _, body = asked(place, "--cwd", str(inner))
        assert blocks(body)[-1] == f"# Output style: Team voice\nSay {number}."


@pytest.mark.behaviour("B-1261")
def test_a_style_without_a_head_has_the_name_of_its_file(place: Place) -> None:
    put(place.project / ".claude" / "output-styles" / "pirate.md", "\ufeffTalk like a pirate.\r\nAlways.")
    settings(place, outputStyle="Pirate")
    _, body = asked(place)
    assert blocks(body)[-1] == "# Output style: pirate\nTalk like a pirate.\nAlways."


@pytest.mark.behaviour("B-1262")
@pytest.mark.parametrize(
    ("line", "kept"),
    [("", False), ("keep-coding-instructions: false", False), ("keep-coding-instructions: true", True)],
)
def test_a_style_of_your_own_replaces_how_to_work_on_code_unless_it_keeps_it(
    place: Place, line: str, kept: bool
) -> None:
    put(place.home / ".coder" / "output-styles" / "x.md", f"---\nname: Teacher\n{line}\n---\nTeach.")
    settings(place, outputStyle="Teacher")
    done, body = asked(place)
    assert all(heading in system(body) for heading in STAYS)
    assert [heading in system(body) for heading in CODING] == [kept, kept]
    assert done.stderr == ""


@pytest.mark.behaviour("B-1263")
@pytest.mark.parametrize("name", ["Explanatory", "No such Style", "exPlanatori"])
def test_init_says_the_style_as_it_was_set(place: Place, name: str) -> None:
    settings(place, outputStyle=name)
    done, _ = asked(place, "--output-format", "stream-json")
    assert done.lines[0]["output_style"] == name and done.stderr == ""


@pytest.mark.behaviour("B-1263")
def test_a_style_that_is_not_there_is_said_and_the_run_goes_on_without(place: Place) -> None:
    settings(place, outputStyle="Explanatry")
    done, body = asked(place)
    assert done.stderr == 'coder: outputStyle: there is no style "Explanatry". Did you mean Explanatory?\n'
    assert len(blocks(body)) == 1
    settings(place, outputStyle="Zz\u202e")
    done, _ = asked(place)
    assert 'Zz\\u202e". There are Default, Proactive, Concise, Explanatory, Learning.\n' in done.stderr
    done, _ = asked(place, "--output-format", "stream-json", "--setting-sources", "")
    assert done.lines[0]["output_style"] == "default"


@pytest.mark.behaviour("B-1264")
@pytest.mark.parametrize(
    ("args", "found"), [((), True), (("--setting-sources", "user"), False), (("--safe-mode",), False)]
)
def test_a_style_of_the_project_counts_only_where_the_project_does(
    place: Place, args: Sequence[str], found: bool
) -> None:
    put(place.project / ".claude" / "output-styles" / "mine.md", "Speak softly.")
    settings(place, outputStyle="mine")
    _, body = asked(place, *args)
    assert ("Speak softly." in system(body)) is found


@pytest.mark.behaviour("B-1264")
def test_no_file_in_a_folder_of_styles_can_harm(place: Place) -> None:
    folder = place.project / ".claude" / "output-styles"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe.md")
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "dir.md").mkdir()
    put(place.home / "secret.md", "---\nname: out\n---\nOut of reach.")
    (folder / "out.md").symlink_to(place.home / "secret.md")
    (folder / "bad.md").write_bytes(b"---\nname: bytes\n---\nSay \xff.")
    (folder / "long.md").write_text("---\nname: long\n---\n" + "x" * 100_000)
    (folder / "head.md").write_text("---\nname: [half\nkeep-coding-instructions: perhaps\n---\nText.")
    settings(place, outputStyle="bytes")
    done, body = asked(place)
    assert blocks(body)[-1] == "# Output style: bytes\nSay \ufffd."
    assert "bad.md, line 4: these bytes are no UTF-8 text" in done.stderr
    settings(place, outputStyle="out")
    done, body = asked(place)
    assert 'there is no style "out"' in done.stderr and "Out of reach" not in system(body)
    settings(place, outputStyle="long")
    done, body = asked(place)
    assert "long.md is longer than 65,536 characters: the rest of it is not used." in done.stderr
    assert 60_000 < len(blocks(body)[-1]) < 65_600
    settings(place, outputStyle="[half")
    done, body = asked(place)
    assert "head.md, line 3: keep-coding-instructions must be true or false, not 'perhaps'." in done.stderr
    assert blocks(body)[-1] == "# Output style: [half\nText."


@pytest.mark.behaviour("B-1265")
def test_what_changes_in_the_middle_of_a_session_leaves_its_requests_alone(place: Place) -> None:
    style = put(place.project / ".claude" / "output-styles" / "mine.md", "Speak softly.")
    put(place.home / ".coder" / "settings.json", {"outputStyle": "mine", "language": "German"})
    changes = (
        f"printf 'Shout.' > {style} && "
        f'printf \'%s\' \'{{"outputStyle": "Concise", "language": "French"}}\' > {place.home}/.coder/settings.json'
    )
    script = [turn(tool("Bash", command=changes, description="x")), turn(tool("Glob", pattern="*")), turn("ok")]
    with fake_api(script) as api:
        done = place.coder("-p", "x", "--dangerously-skip-permissions", url=api.url, env={"IS_SANDBOX": "1"})
    assert done.code == 0 and style.read_text() == "Shout."
    assert [body["system"] for body in api.requests] == [api.requests[0]["system"]] * 3
    assert "Speak softly." in system(api.requests[2]) and "German" in system(api.requests[2])


@pytest.mark.behaviour("B-1268")
def test_a_language_stands_word_for_word_in_the_system_prompt(place: Place) -> None:
    settings(place, language="Plattdüütsch, as in Husum")
    _, body = asked(place)
    assert "Write to the person in Plattdüütsch, as in Husum." in blocks(body)[-1]
    for text in ("German.\n# Care\nNone.", "x" * 201):
        settings(place, language=text)
        done, body = asked(place)
        assert "language is not used: it must be one line" in done.stderr and text not in system(body)


@pytest.mark.behaviour("B-1267")
def test_a_prompt_of_ones_own_replaces_everything_of_ours(place: Place) -> None:
    settings(place, outputStyle="Learning", language="German", attribution={"commit": "By me"})
    _, body = asked(place, "--system-prompt", "Only this.", "--think-tool", "on")
    assert blocks(body) == ["Only this."]
    _, body = asked(place, "--system-prompt", "")
    assert blocks(body) == []
    _, body = asked(place, "--append-system-prompt", "And that.")
    assert blocks(body)[-1] == "And that." and "TODO(human)" in system(body)


@pytest.mark.behaviour("B-1266")
def test_prompts_come_from_files_too(place: Place) -> None:
    own = put(place.project / "own.md", "\ufeffOnly this.\r\nTwice.\n")
    more = put(place.home / "more.md", "And that.\n")
    _, body = asked(place, "--system-prompt-file", "own.md", "--append-system-prompt-file", str(more))
    assert blocks(body) == ["Only this.\nTwice.", "And that."]
    _, body = asked(place, "--append-system-prompt", "First.", "--append-system-prompt-file", "~/more.md")
    assert blocks(body)[-1] == "First.\n\nAnd that."
    own.write_text("\n")
    assert blocks(asked(place, "--system-prompt-file", str(own))[1]) == []


@pytest.mark.behaviour("B-1266")
def test_a_prompt_file_that_cannot_be_used_is_named(place: Place) -> None:
    put(place.project / "own.md", "Only this.")
    os.mkfifo(place.project / "pipe")
    (place.project / "bytes").write_bytes(b"One.\nTwo \xff.")
    (place.project / "long").write_bytes(b"x" * (1024 * 1024 + 1))
    cases = {
        ("--system-prompt", "x", "--system-prompt-file", "own.md"): "say the same thing twice",
        ("--system-prompt-file", "none.md"): f"--system-prompt-file: {place.project}/none.md cannot be read (No such",
        ("--system-prompt-file", "pipe"): "pipe cannot be read (not an ordinary file)",
        ("--append-system-prompt-file", "."): "cannot be read (not an ordinary file)",
        ("--append-system-prompt-file", "bytes"): "bytes, line 2, is not UTF-8",
        ("--append-system-prompt-file", "long"): "long is larger than 1 MiB",
        ("--append-system-prompt-file", "a\nb" * 200): "cannot be read (File name too long)",
    }
    for args, words in cases.items():
        done = place.coder("-p", "x", *args)
        assert (done.code, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert words in done.stderr


@pytest.mark.behaviour("B-1266")
def test_a_prompt_file_may_go_while_the_session_runs(place: Place) -> None:
    own = put(place.project / "own.md", "Only this.")
    settings_file = place.home / ".coder" / "settings.json"
    settings(place)
    command = f"rm {own} && printf '{{ }}' > {settings_file}"
    with fake_api(
        [turn(tool("Bash", command=command, description="x")), turn(tool("Glob", pattern="*")), turn("ok")]
    ) as api:
        done = place.coder(
            *("-p", "x", "--system-prompt-file", "own.md", "--dangerously-skip-permissions"),
            url=api.url,
            env={"IS_SANDBOX": "1"},
        )
    assert (done.code, done.stderr) == (0, "") and not own.exists()
    assert blocks(api.requests[-1]) == ["Only this."]


@pytest.mark.behaviour("B-1275")
def test_the_flag_that_moves_facts_out_of_the_system_prompt_changes_nothing(place: Place) -> None:
    _, plain = asked(place)
    _, body = asked(place, "--exclude-dynamic-system-prompt-sections")
    assert body == plain and str(place.project) not in system(plain)


NAMED = ["Co-Authored-By", "Written with coder"]


@pytest.mark.behaviour("B-1269")
def test_commits_and_pull_requests_name_the_model_where_that_is_wanted(place: Place) -> None:
    settings(place, includeCoAuthoredBy=True)
    _, body = asked(place, "--model", "claude-opus-4-8-20260101")
    care = system(body).split("# Care")[1].split("# Untrusted")[0]
    assert "\n\nCo-Authored-By: Claude Opus 4.8 <noreply@anthropic.com>\n" in care
    assert "Written with coder and Claude Opus 4.8." in care


@pytest.mark.behaviour("B-1269")
@pytest.mark.parametrize(
    ("values", "has", "lacks"),
    [
        ({}, [], [*NAMED, "Commits end with", "pull request you"]),
        ({"attribution": {"commit": "By hand: Ö"}}, ["By hand: Ö"], [*NAMED, "pull request you"]),
        ({"attribution": {"pr": "By hand: Ö"}}, ["By hand: Ö"], [*NAMED, "Commits end with"]),
        ({"includeCoAuthoredBy": True, "attribution": {"commit": "", "pr": ""}}, [], [*NAMED, "pull request you"]),
        ({"includeCoAuthoredBy": True, "attribution": {"commit": ""}}, ["Written with coder"], ["Co-Authored-By"]),
        ({"includeCoAuthoredBy": False}, [], NAMED),
        ({"includeCoAuthoredBy": False, "attribution": {"commit": "Signed"}}, ["Signed"], NAMED),
        ({"includeCoAuthoredBy": True, "includeGitInstructions": False}, [], NAMED),
    ],
)
def test_what_they_say_is_ones_own_choice(
    place: Place, values: dict[str, Any], has: list[str], lacks: list[str]
) -> None:
    settings(place, **values)
    _, body = asked(place)
    assert [words for words in has if words not in system(body)] == []
    assert [words for words in lacks if words in system(body)] == []
    assert "Commit only when asked" in system(body)


@pytest.mark.behaviour("B-1273")
def test_bare_does_without_everything_that_was_set_up(place: Place) -> None:
    settings(place, outputStyle="Learning", check="false", permissions={"deny": ["Bash(rm *)"]})
    _, body = asked(place, "--bare")
    assert names(body) == ["Read", "Edit", "Bash"]
    assert len(blocks(body)) == 1 and "# Long work" not in system(body)
    _, body = asked(place, env={"CLAUDE_CODE_SIMPLE": "1"})
    assert names(body) == ["Read", "Edit", "Bash"]


@pytest.mark.behaviour("B-1273")
def test_bare_takes_a_key_from_nowhere_but_the_call(place: Place) -> None:
    key = put(place.home / ".coder" / "credentials", json.dumps({"version": 1, "api_key": "sk-kept-0123456789abcdef"}))
    key.chmod(0o600)
    settings(place, apiKeyHelper="echo sk-of-the-settings")
    done = place.coder("-p", "x", "--bare", env={"ANTHROPIC_AUTH_TOKEN": "tok-of-the-environment"})
    assert done.code == 4 and "no API key" in done.stderr
    with fake_api([turn("ok")]) as api:
        url = {"ANTHROPIC_BASE_URL": api.url}
        helper = json.dumps({"apiKeyHelper": "echo sk-of-the-flag-0123456789"})
        done = place.coder("-p", "x", "--bare", "--settings", helper, "--output-format", "stream-json", env=url)
    assert done.code == 0 and done.lines[0]["apiKeySource"] == "apiKeyHelper"


@pytest.mark.behaviour("B-1274")
def test_safe_mode_leaves_customisations_out_and_the_rest_as_it_is(place: Place) -> None:
    settings(place, outputStyle="Learning", model="haiku", permissions={"deny": ["Write"]}, language="German")
    _, plain = asked(place)
    _, body = asked(place, "--safe-mode")
    assert "TODO(human)" in system(plain) and "TODO(human)" not in system(body)
    assert names(body) == names(plain) and "Write" not in names(body)
    assert body["model"] == plain["model"] and "German" in system(body)


@pytest.mark.behaviour("B-1274")
def test_what_a_session_starts_is_as_plain_as_itself(place: Place) -> None:
    call = tool("Bash", command="echo $CLAUDE_CODE_SIMPLE-$CLAUDE_CODE_SAFE_MODE", description="x")
    for flag, said in (("--bare", "1-"), ("--safe-mode", "-1")):
        with fake_api([turn(call), turn("ok")]) as api:
            place.coder("-p", "x", flag, "--allowedTools", "Bash", url=api.url)
        assert api.requests[1]["messages"][-1]["content"][0]["content"][0]["text"].strip() == said


@pytest.mark.behaviour("B-1270")
@pytest.mark.parametrize(
    ("model", "args", "there"),
    [
        ("claude-sonnet-5-5", (), False),
        ("claude-sonnet-5-5", ("--think-tool", "on"), True),
        ("claude-sonnet-4-5", (), True),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", (), True),
        ("claude-sonnet-4-5", ("--think-tool", "off"), False),
        ("some-model-nobody-knows", (), False),
        ("claude-sonnet-4-5", ("--disallowedTools", "Think"), False),
    ],
)
def test_think_is_there_where_a_model_needs_it(place: Place, model: str, args: Sequence[str], there: bool) -> None:
    _, body = asked(place, "--model", model, *args)
    assert (names(body)[-1] == "Think", "# Thinking" in system(body)) == (there, there)
    assert "Think" in names(body) or not there


@pytest.mark.behaviour("B-1271")
@pytest.mark.parametrize("mode", ["default", "plan", "dontAsk"])
def test_a_thought_asks_nobody_and_always_gives_the_same(place: Place, mode: str) -> None:
    script = [turn(tool("Think", thought="Is the rule met? " * 500)), turn(tool("Think", thought="")), turn("ok")]
    with fake_api(script) as api:
        done = place.coder(
            *("-p", "x", "--model", "claude-sonnet-4-5", "--permission-mode", mode, "--output-format", "stream-json"),
            url=api.url,
        )
    assert done.result["permission_denials"] == [] and done.code == 0
    results = [body["messages"][-1]["content"][0] for body in api.requests[1:]]
    assert [result["content"] for result in results] == [[{"type": "text", "text": "Noted."}]] * 2
    assert not any(result.get("is_error") for result in results)
