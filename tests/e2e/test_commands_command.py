"""`coder commands`: what there is, what one does, what is wrong with one, and a new one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.screens import git_folder

FIX = """---
description: Mends an issue
allowed-tools: Bash(./issue *)
argument-hint: "[number] [words]"
---
About $0 and @notes.md:

!`./issue $0`
!`git status --short`
!`rm -rf build`
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def ours(place: Place, name: str, text: str = "---\ndescription: does it\n---\nDo it.\n") -> Path:
    return write(place.project / ".claude" / name, text)


def mine(place: Place, name: str, text: str = "---\ndescription: my own\n---\nDo it.\n") -> Path:
    return write(place.home / ".coder" / name, text)


def told(text: str) -> str:
    """Without the line ends, which depend on the width."""
    return " ".join(text.split())


@pytest.mark.behaviour("B-1280")
def test_list_shows_what_counts_whose_it_is_and_what_does_not(place: Place) -> None:
    ours(place, "commands/fix.md", FIX)
    mine(place, "commands/fix.md")
    ours(place, "skills/pdf/SKILL.md", "---\ndescription: reads\u202e PDF\nfoo: 1\n---\nRead.\n")
    ours(place, "commands/model.md", "Choose.\n")
    lines = place.coder("commands", "list").stdout.splitlines()
    rows = {tuple(line.split()[:2]): line for line in lines}
    assert "yours" in rows["command", "/fix"] or "[not used: your own command" in rows["command", "/fix"]
    assert sum("/fix" in line.split() for line in lines) == 2
    assert "project   reads\\u202e PDF [1 mistake]" in rows["skill", "/pdf"]
    assert "[not used: /model is a command of the session itself" in rows["command", "/model"]
    assert "built-in" in rows["command", "/commit"]
    assert not any(line.startswith("output style") for line in lines)
    assert "output style" in place.coder("commands", "list", "--all").stdout
    only = place.coder("commands", "list", "PDF", "project").stdout.splitlines()
    assert len(only) == 1 and "/pdf" in only[0]


@pytest.mark.behaviour("B-1280")
def test_list_as_json_tells_the_same_to_programs(place: Place) -> None:
    ours(place, "commands/fix.md", FIX)
    mine(place, "commands/fix.md")
    ours(place, "commands/not me.md")
    listed = json.loads(place.coder("commands", "list", "--json", "/fix").stdout)
    assert [(row["origin"], row["used"]) for row in listed["commands"]] == [("yours", True), ("project", False)]
    assert listed["commands"][1]["allowed_tools"] == ["Bash(./issue *)"] and listed["cwd"] == str(place.project)
    assert "blank" in listed["mistakes"][0]["text"]


@pytest.mark.behaviour("B-1281")
def test_show_says_what_is_allowed_and_that_only_trust_makes_it_count(place: Place) -> None:
    ours(place, "commands/fix.md", FIX)
    text = told(place.coder("commands", "show", "fix").stdout)
    assert "It is a command, this project's File .claude/commands/fix.md" in text
    assert "Allows Bash(./issue *) ! what it allows: does not count, for nobody trusted this file" in text
    assert "./issue $0 → asked about first" in text and "git status --short → allowed" in text
    assert place.coder("trust", "add", "--yes").code == 0
    text = told(place.coder("commands", "show", "fix").stdout)
    assert "what it allows: counts while it is used" in text and "./issue $0 → allowed" in text


@pytest.mark.behaviour("B-1282")
def test_show_with_arguments_shows_what_would_be_sent_and_runs_nothing(place: Place) -> None:
    ours(place, "commands/fix.md", FIX.replace("./issue $0`", "touch made-$0`"))
    write(place.home / ".coder" / "settings.json", json.dumps({"permissions": {"deny": ["Bash(rm *)"]}}))
    done = place.coder("commands", "show", "fix", "7", "a word")
    text = told(done.stdout)
    assert done.code == 0 and '<command-args>7 "a word"</command-args> About 7 and @notes.md:' in text
    assert "[what `touch made-7` prints; it was not run]" in text
    assert "touch made-7 → asked about first" in text and "rm -rf build → denied" in text
    assert "Attached, where it is there and may be read: notes.md" in text
    assert not list(place.project.glob("made*")) and not list(place.home.glob("**/*.jsonl"))
    sent = json.loads(place.coder("commands", "show", "--json", "fix", "7").stdout)
    assert [run["decision"] for run in sent["runs"]] == ["ask", "allow", "deny"]
    ours(place, "commands/plain.md")
    assert "Nothing is run or attached for it." in place.coder("commands", "show", "--sent", "plain").stdout


@pytest.mark.behaviour("B-1282")
def test_show_has_the_very_text_that_a_session_sends(place: Place) -> None:
    mine(place, "commands/say.md", "---\narguments: [one, two]\n---\nFirst $one, then $two of ${CODER_PROJECT_DIR}.\n")
    shown = json.loads(place.coder("commands", "show", "--json", "say", "a", "b c").stdout)
    with fake_api([turn("Seen.")]) as api:
        assert place.coder("-p", '/say a "b c"', url=api.url).code == 0
        texts = [block["text"] for block in api.requests[0]["messages"][-1]["content"]][-2:]
    assert shown["text"] == "\n\n".join(texts) and "First a, then b c of /" in shown["text"]


@pytest.mark.behaviour("B-1281")
def test_show_finds_a_file_that_another_hides_and_one_by_its_path(place: Place) -> None:
    file = ours(place, "commands/fix.md", FIX)
    mine(place, "commands/fix.md")
    assert "Hides           .claude/commands/fix.md" in place.coder("commands", "show", "/fix").stdout
    for name in ("project:fix", ".claude/commands/fix.md"):
        text = told(place.coder("commands", "show", name).stdout)
        assert "! not used: your own command ~/.coder/commands/fix.md comes first" in text
    assert place.coder("commands", "show", "--raw", "project:fix").stdout == file.read_text()


@pytest.mark.behaviour("B-1283")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "fxi"), "there is no command or skill 'fxi'. Did you mean fix?"),
        (("show", "zzzz"), "See them all: coder commands list"),
        (("show", "model"), "/model is a command of the session itself, not of a file. In a session: /help model"),
        (("check", "nothing.md"), "there is no file or folder nothing.md."),
        (("new", "model"), "/model is a command of the session itself: choose another name."),
        (("new", "two words"), "its name holds a blank"),
        (("new", "../up"), "cannot be the name of a command"),
        (("new", "a:b", "--skill"), "without a colon"),
        (("new", "fix"), "is there already and was left as it is"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(place: Place, arguments: tuple[str, ...], words: str) -> None:
    file = ours(place, "commands/fix.md", FIX)
    done = place.coder("commands", *arguments)
    assert (done.code, done.stdout) == (2, "") and words in done.stderr
    assert done.stderr.startswith("coder: ") and done.stderr.count("\n") == 1
    assert file.read_text() == FIX and len(list(place.project.rglob("*.md"))) == 1


@pytest.mark.behaviour("B-1284")
def test_check_names_each_mistake_of_the_folder_and_the_person_with_its_line(place: Place) -> None:
    ours(place, "commands/fix.md", "---\ndescription: x\nargumnet-hint: y\n---\nDo it.\n")
    ours(place, "commands/clear.md", "Wipe.\n")
    ours(place, "agents/a.md", "---\nname: a\n---\nYou.\n")
    mine(place, "output-styles/s.md", "---\nname: s\n---\n")
    hooks = {"Stop": [{"hooks": [{"type": "command"}]}]}
    ours(place, "settings.json", json.dumps({"hooks": {"PreTolUse": [], **hooks}}, indent=1))
    done = place.coder("commands", "check")
    assert done.code == 1 and done.stderr == ""
    assert done.stdout.splitlines() == [
        "~/.coder/output-styles/s.md:4: error: the style says nothing: its text stands below the head",
        ".claude/agents/a.md:1: error: description is missing: say when the agent is to be called",
        ".claude/commands/clear.md:1: error: /clear is a command of the session itself: give the file another name",
        ".claude/commands/fix.md:3: warning: argumnet-hint is no key of a command: write argument-hint",
        ".claude/settings.json:3: error: hooks.PreTolUse is no event. Did you mean PreToolUse?",
        ".claude/settings.json:4: error: hooks.Stop[0].hooks[0] needs `command`, a text that is not empty; "
        "it does not count",
        "2 commands, 1 agent, 1 output style, 1 hook file: 5 errors and 1 warning",
    ]
    counted = json.loads(place.coder("commands", "check", "--json").stdout)
    assert (counted["errors"], counted["warnings"], len(counted["mistakes"])) == (5, 1, 6)


@pytest.mark.behaviour("B-1284")
def test_check_takes_files_folders_plugins_and_collections(place: Place) -> None:
    bad = write(place.project / "one.md", "---\nshell: fish\n---\nx\n")
    plugin = place.project / "all" / "plug"
    write(plugin / ".claude-plugin" / "plugin.json", '{"name": "plug", "skills": ["./skills/deep"]}')
    write(plugin / "skills" / "deep" / "SKILL.md", "---\ndescription: x\n---\nSee [it](gone.md).\n")
    write(plugin / "hooks" / "hooks.json", '{"hooks": {\n"Stopp": []}}')
    write(
        place.project / "all" / ".claude-plugin" / "marketplace.json",
        '{"plugins": [{"name": "plug", "source": "./plug"}]}',
    )
    found = [
        "all/plug/hooks/hooks.json:2: error: Stopp is no event of hooks: write Stop",
        "all/plug/skills/deep/SKILL.md:4: warning: gone.md is linked, and is not in the folder of the skill",
        "1 skill, 1 hook file: 1 error and 1 warning",
    ]
    for path in ("all", "all/plug"):
        done = place.coder("commands", "check", path)
        assert (done.code, done.stdout.splitlines()) == (1, found)
    alone = place.coder("commands", "check", "all/plug/hooks/hooks.json")
    assert alone.stdout.splitlines() == [found[0], "1 hook file: 1 error"]
    both = place.coder("commands", "check", str(bad), "all/plug/skills")
    assert both.code == 1 and "one.md:2: error: shell must be one of bash, powershell" in both.stdout
    broken = write(place.project / "x" / ".claude" / "settings.json", '{"hooks": {\n,}}')
    done = place.coder("commands", "check", "x")
    assert done.code == 1 and done.stdout.startswith(f"{broken.relative_to(place.project)}:2: error: not valid JSON")


@pytest.mark.behaviour("B-1284")
def test_check_of_what_has_no_mistakes_is_0_and_says_what_was_looked_at(place: Place) -> None:
    nothing = place.coder("commands", "check")
    assert (nothing.code, nothing.stdout.startswith("Nothing to check")) == (0, True)
    ours(place, "commands/fix.md")
    assert place.coder("commands", "check").stdout == "1 command: no mistakes\n"
    ours(place, "commands/warned.md", "---\ndescription: x\nfoo: 1\n---\nx\n")
    assert place.coder("commands", "check").code == 0


@pytest.mark.behaviour("B-1285")
@pytest.mark.parametrize("options", [(), ("--skill",), ("--user",), ("--user", "--skill")])
def test_new_writes_a_file_without_mistakes_that_works_at_once(place: Place, options: tuple[str, ...]) -> None:
    git_folder(place)
    done = place.coder("commands", "new", "tidy-up", *options, "--from", 'sort: the "imports"')
    assert done.code == 0, done.stderr
    where = place.home if "--user" in options else place.project
    (file,) = (where / ".coder").rglob("*.md")
    end = "skills/tidy-up/SKILL.md" if "--skill" in options else "commands/tidy-up.md"
    assert str(file).endswith(f".coder/{end}") and f".coder/{end}" in done.stdout.splitlines()[0]
    assert "no mistakes" in place.coder("commands", "check").stdout
    (row,) = json.loads(place.coder("commands", "list", "--json", "tidy-up").stdout)["commands"]
    assert row["description"] == 'sort: the "imports"' and row["used"]
    with fake_api([turn("Sorted.")]) as api:
        assert place.coder("-p", "/tidy-up all", url=api.url).code == 0
        assert "all" in json.dumps(api.requests[0]["messages"][-1])


@pytest.mark.behaviour("B-1285")
def test_new_goes_where_such_files_lie_already_and_says_what_it_hides(place: Place) -> None:
    git_folder(place)
    ours(place, "commands/other.md")
    (place.project / "sub").mkdir()
    done = place.coder("commands", "new", "git:review", "--cwd", "sub")
    assert (place.project / ".claude" / "commands" / "git" / "review.md").is_file() and "! /" not in done.stdout
    hides = place.coder("commands", "new", "review")
    assert "! /review was" in hides.stdout and "(built-in) so far" in told(hides.stdout)


@pytest.mark.behaviour("B-1285")
def test_new_follows_no_link_that_leads_nowhere(place: Place) -> None:
    folder = place.project / ".coder" / "commands"
    folder.mkdir(parents=True)
    os.symlink(place.home / "elsewhere.md", folder / "fix.md")
    done = place.coder("commands", "new", "fix")
    assert done.code == 2 and not (place.home / "elsewhere.md").exists()


@pytest.mark.behaviour("B-1286")
def test_a_file_called_like_a_command_of_the_session_counts_nowhere(place: Place) -> None:
    for name in ("model", "undo", "fine"):  # a name, an alias, and one that is free
        ours(place, f"skills/{name}/SKILL.md", f"---\ndescription: the {name} trap\n---\nTrap.\n")
    with fake_api([turn("Hello.")]) as api:
        done = place.coder("-p", "hello", "--output-format", "stream-json", "--verbose", url=api.url)
        first = json.dumps(api.requests[0]["messages"])
        refused = place.coder("-p", "/model x", url=api.url)
    init = next(line for line in done.lines if line.get("subtype") == "init")
    assert init["skills"] == ["fine"] and "the fine trap" in first and "the undo trap" not in first
    assert (refused.code, "/model is a command of interactive sessions" in refused.stderr) == (2, True)
