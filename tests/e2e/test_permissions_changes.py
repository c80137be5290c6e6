"""`coder permissions add` and `remove`: what ends up in which file, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.test_permissions_command import explain, rules, trust, write
from tests.support.cli import Done, Place


def change(place: Place, *args: str) -> Done:
    done = place.coder("permissions", *args)
    assert (done.code, done.stderr) == (0, ""), done
    return done


def saved(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8"))["permissions"]


@pytest.mark.behaviour("B-694")
def test_a_rule_is_saved_where_it_was_meant_and_counts(place: Place) -> None:
    done = change(place, "add", "Bash(npm test *)")
    assert done.stdout == "Added: allow Bash(npm test *), in .coder/settings.local.json\n"
    local = place.project / ".coder" / "settings.local.json"
    assert saved(local) == {"allow": ["Bash(npm test *)"]}
    assert explain(place, "npm test").stdout.startswith("allowed: ")
    assert change(place, "add", "Bash(npm test *)").stdout.startswith("Already there: allow Bash(npm test *)")
    assert saved(local) == {"allow": ["Bash(npm test *)"]}
    change(place, "add", "--deny", "Read(.env)", "--project")
    assert saved(place.project / ".coder" / "settings.json") == {"deny": ["Read(.env)"]}
    change(place, "add", "--ask", "--user", " Bash(git push *) ")
    assert saved(place.home / ".coder" / "settings.json") == {"ask": ["Bash(git push *)"]}
    assert explain(place, "git push").stdout.startswith(
        "asks: a rule asks about it: Bash(git push *) in ~/.coder/settings.json"
    )


@pytest.mark.behaviour("B-694")
def test_beside_rules_that_nobody_approved_it_says_when_the_rule_will_count(place: Place) -> None:
    write(place.project / ".coder" / "settings.local.json", rules(allow=["Bash(make)"]))
    done = change(place, "add", "Bash(npm test *)")
    assert "It counts once you trust this folder (coder trust)" in done.stdout
    assert explain(place, "npm test").stdout.startswith("asks: ")
    trust(place)
    assert explain(place, "npm test").stdout.startswith("allowed: ")


@pytest.mark.behaviour("B-683")
@pytest.mark.parametrize("has_others", [True, False])
@pytest.mark.parametrize(
    "command", ["cmake ..", "make && npm run b | tee x", "cat /etc/passwd", "./it's here", "x $(y)"]
)
def test_the_rules_it_offers_allow_the_call(place: Place, command: str, has_others: bool) -> None:
    if has_others:  # rules nobody approved are in the way of the folder's own file
        write(place.project / ".coder" / "settings.local.json", rules(allow=["Bash(other)"]))
    shown = explain(place, command).stdout
    assert shown.startswith("asks: ")
    offered = re.findall(r"coder permissions (add .*)", shown)
    assert offered
    for line in offered:
        change(place, *shlex.split(line))
    assert explain(place, command).stdout.startswith("allowed: ")


@pytest.mark.behaviour("B-683")
def test_the_removal_it_offers_takes_the_rule_away(place: Place) -> None:
    write(place.home / ".coder" / "settings.json", rules(deny=["Bash(ls *)"]))
    (offered,) = re.findall(r"coder permissions (remove .*)", explain(place, "ls").stdout)
    change(place, *shlex.split(offered))
    assert explain(place, "ls").stdout.startswith("allowed: ")


@pytest.mark.behaviour("B-695")
@pytest.mark.parametrize(
    ("args", "why", "example"),
    [
        (("Bash(npm test",), "its parenthesis is never closed", "Bash(npm test *)"),
        (("Write(src/**)",), "paths are ruled by Edit(path)", "Edit(src/**)"),
        (("Read(!x)",), "its path is not a gitignore pattern", "Read(src/**)"),
        (("WebFetch(docs.python.org)",), "WebFetch takes domain:HOST", "WebFetch(domain:docs.python.org)"),
        (("npm test",), "a rule is Tool or Tool(specifier)", "Bash(npm test *)"),
        (("Bash(timeout:5)",), "name:value works in deny and ask rules only", "Bash(npm test *)"),
        (("*",), "only after mcp__<server>__", "Bash(npm test *)"),
        (("",), "a rule is Tool or Tool(specifier)", "Bash(npm test *)"),
    ],
)
def test_a_malformed_rule_is_refused_with_one_that_works(
    place: Place, args: tuple[str, ...], why: str, example: str
) -> None:
    done = place.coder("permissions", "add", *args)
    assert (done.code, done.stdout) == (2, "")
    assert why in done.stderr and done.stderr.endswith(f"A rule that works: {example}\n")
    assert not (place.project / ".coder").exists()


@pytest.mark.behaviour("B-696")
@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("Bash", "allows every command"),
        ("Bash(*)", "allows every command"),
        ("Bash(* x)", "allows commands of every program"),
        ("Bash(python3 *)", "allows whatever python3 is told to do"),
        ("Bash(python3:*)", "allows whatever python3 is told to do"),
        ("Bash(bash -c *)", "allows whatever bash -c is told to do"),
        ("Bash(sudo *)", "allows whatever sudo is told to do"),
        ("Bash(rm *)", "allows whatever rm is told to do"),
        ("Edit", "allows changing every file"),
        ("Read(//**)", "allows every file below that folder"),
        ("Edit(~/**)", "allows every file below that folder"),
        ("WebFetch", "allows every address"),
    ],
)
def test_a_rule_that_opens_much_is_saved_with_a_word_about_it(place: Place, rule: str, said: str) -> None:
    done = change(place, "add", "--user", rule)
    assert f"! {rule} {said}" in done.stdout
    assert saved(place.home / ".coder" / "settings.json") == {"allow": [rule]}


@pytest.mark.behaviour("B-696")
@pytest.mark.parametrize(
    "args",
    [
        ("Bash(npm test *)",),
        ("Bash(git log *)",),
        ("Bash(ls *)",),
        ("Bash(python3 -m pytest *)",),
        ("Bash(rm build)",),
        ("Edit(src/**)",),
        ("mcp__jira__get_*",),
        ("--deny", "Bash"),
        ("--ask", "Bash(rm *)"),
    ],
)
def test_a_narrow_rule_is_saved_without_a_word(place: Place, args: tuple[str, ...]) -> None:
    assert "!" not in change(place, "add", "--user", *args).stdout


@pytest.mark.behaviour("B-697")
def test_a_rule_is_taken_out_of_the_file_it_stands_in(place: Place) -> None:
    user, local = place.home / ".coder" / "settings.json", place.project / ".coder" / "settings.local.json"
    write(user, rules(allow=["Bash(make)", "Edit"]))
    write(local, rules(deny=["Bash(make)"], ask=["Edit(x)"]))
    write(place.project / ".claude" / "settings.json", rules(deny=["Read(y)"]))
    assert change(place, "remove", "Edit").stdout == "Removed: allow Edit, from ~/.coder/settings.json\n"
    assert saved(user) == {"allow": ["Bash(make)"]}
    before = local.read_bytes(), user.read_bytes()
    done = place.coder("permissions", "remove", "Bash(make)")
    assert done.code == 2 and "by one of --deny --local, --allow --user" in done.stderr
    done = place.coder("permissions", "remove", "Read(y)")
    assert done.code == 2 and ".claude/settings.json, which coder never writes" in done.stderr
    done = place.coder("permissions", "remove", "Edit(z)")
    assert done.code == 2 and "no settings file of yours has the rule" in done.stderr
    done = place.coder("permissions", "remove", "Edit(x)", "--deny", "--ask")
    assert done.code == 2 and "choose one" in done.stderr
    assert before == (local.read_bytes(), user.read_bytes())
    change(place, "remove", "Bash(make)", "--local")
    assert saved(local) == {"deny": [], "ask": ["Edit(x)"]}


@pytest.mark.behaviour("B-697")
def test_a_file_that_cannot_be_read_is_left_as_it_is(place: Place) -> None:
    path = place.project / ".coder" / "settings.local.json"
    path.parent.mkdir()
    path.write_text('{"permissions": {"allow": ["Edit",]}}', encoding="utf-8")
    for verb in ("add", "remove"):
        done = place.coder("permissions", verb, "Edit")
        assert done.code == 2 and done.stdout == ""
    assert path.read_text(encoding="utf-8") == '{"permissions": {"allow": ["Edit",]}}'


@pytest.mark.behaviour("B-694")
def test_a_rule_saved_in_the_home_folder_counts_there(place: Place) -> None:
    at_home = replace(place, project=place.home)
    change(at_home, "add", "Bash(npm test *)")
    assert explain(at_home, "npm test").stdout.startswith("allowed: ")
    assert explain(place, "npm test").stdout.startswith("asks: ")


@pytest.mark.behaviour("B-694")
def test_a_rule_that_the_folder_brought_is_approved_by_adding_it(place: Place) -> None:
    write(place.project / ".coder" / "settings.local.json", {"permissions": {"allow": ["Bash(npm test *)"]}})
    assert explain(place, "npm test").stdout.startswith("asks: ")
    assert change(place, "add", "Bash(npm test *)").stdout.count("\n") == 1
    assert explain(place, "npm test").stdout.startswith("allowed: ")
