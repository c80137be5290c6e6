"""Path rules line by line: anchors, wildcards, the difference between leave and refusal, links, and odd names."""

from __future__ import annotations

import os
import unicodedata
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from coder.core.config import RuleText
from coder.core.messages import ToolUse
from coder.core.tools import Reads, Writes
from coder.permissions.decide import decide
from coder.permissions.pathrules import literal, path_pattern
from coder.permissions.paths import locate
from coder.permissions.rules import parse_rules
from tests.support.policy import folding, policy, project

RULES = [
    # rule, path, whether it allows, whether it denies; `{root}` is the start folder, `{home}` above it, `/base` the
    # folder of the settings file
    ("//p", "/p", True, True),
    ("//p", "/p/x", True, True),
    ("//p", "/q/p", False, False),
    ("//p/**", "/p/a/b", True, True),
    ("//p/**", "/p", False, True),
    ("//", "/etc/x", True, True),
    ("~/p", "{home}/p", True, True),
    ("~/p", "{home}/x/p", False, False),
    ("~", "{home}/x", True, True),
    ("~/**", "{home}/x/y", True, True),
    ("/p", "/base/p", True, True),
    ("/p", "{root}/p", False, False),
    ("/p", "/base/x/p", False, False),
    ("/", "/base/x", True, True),
    ("p", "{root}/p", True, True),
    ("p", "{root}/a/b/p", True, True),
    ("p", "{root}/p/inside", True, True),
    ("p", "{home}/p", False, False),
    ("./p", "{root}/p", True, True),
    ("./p", "{root}/a/p", False, True),
    (".", "{root}/a", True, True),
    ("./", "{root}/a", True, True),
    ("a/b", "{root}/a/b", True, True),
    ("a/b", "{root}/x/a/b", False, False),
    ("a//b", "{root}/a/b", True, True),
    ("./a/./b", "{root}/a/b", True, True),
    ("src/**", "{root}/src/a/b", True, True),
    ("src/**", "{root}/x/src/a", False, True),
    ("src/**", "{root}/src", False, True),
    ("src/**", "{root}/srcs/a", False, False),
    ("src/sub/**", "{root}/x/src/sub/a", False, False),
    ("**/src/**", "{root}/x/src/a", True, True),
    ("src/*", "{root}/src/a", True, True),
    ("src/*", "{root}/src/a/b", False, True),
    ("src/*.py", "{root}/src/a.py", True, True),
    ("src/*.py", "{root}/src/x/a.py", False, False),
    ("src/**/*", "{root}/src/x/y/a", True, True),
    ("src/**/*.py", "{root}/src/a.py", True, True),
    ("src/**/*.py", "{root}/src/x/y/a.py", True, True),
    ("a/*/c", "{root}/a/b/c", True, True),
    ("a/*/c", "{root}/a/b/b/c", False, False),
    ("*.py", "{root}/a/b.py", True, True),
    ("*.py", "{root}/d.py/x", False, True),
    ("src/", "{root}/src/a", True, True),
    ("src/", "{root}/src", False, True),
    ("[ab].txt", "{root}/a.txt", True, True),
    ("a\\*b", "{root}/a*b", True, True),
    ("a\\*b", "{root}/axb", False, False),
    ("\\!x", "{root}/!x", True, True),
    ("#x", "{root}/#x", True, True),
    ("a b", "{root}/a b", True, True),
    ("~bob/x", "{root}/~bob/x", True, True),
    ("Src/a", "{root}/src/a", False, False),
]


@pytest.mark.behaviour("B-718")
@pytest.mark.parametrize(("rule", "path", "allows", "blocks"), RULES, ids=[f"{each[0]} {each[1]}" for each in RULES])
def test_what_each_form_of_path_rule_matches(tmp_path: Path, rule: str, path: str, allows: bool, blocks: bool) -> None:
    world = project(tmp_path)
    pattern = path_pattern(rule, Path("/base"))
    assert pattern is not None
    place = locate(path.format(root=world.cwd, home=world.home), world)
    assert (pattern.allows(place.written, world), pattern.blocks(place, world)) == (allows, blocks)


@pytest.mark.parametrize("spec", ["../x", "~/../x", "//a/../b", "..", "!x", "a\\", "a\nb", "a\0"])
def test_what_gitignore_cannot_say_is_reported_and_matches_nothing(spec: str) -> None:
    rules, warnings = parse_rules([RuleText(f"Read({spec})", "deny", "user", "settings.json", Path("/base"))])
    assert not rules.deny
    assert len(warnings) == 1


@pytest.mark.behaviour("B-718")
@pytest.mark.parametrize(
    "name",
    ["a*b", "a?b", "[x]", "!x", "#x", "a b", "tail ", " lead", "back\\slash", "é", "a\nb", "-rf", "\udcff", "x)("],
)
def test_a_saved_rule_matches_its_path_and_no_other(tmp_path: Path, name: str) -> None:
    world = project(tmp_path)
    spec = literal(tmp_path / name)
    rules, warnings = parse_rules([RuleText(f"Edit({spec})", "allow", "user", "settings.json", tmp_path)])
    assert warnings == ()
    another = "ask" if "\n" not in name else "allow"  # no pattern can hold a line end: any character stands for it
    for path, expected in ((name, "allow"), ("axb", another), ("x", "ask"), (name + "x", "ask"), ("y" + name, "ask")):
        call = ToolUse("t", "Edit", {})
        assert decide(call, Writes((tmp_path / path,)), rules, "default", world).verdict == expected


LINKS = [  # name: where it leads; `out` is outside the start folder, `in` inside
    ("link", "{out}/file", "ask", "allow"),
    ("folder", "{out}", "ask", "allow"),
    ("dangling", "{out}/missing", "ask", "allow"),
    ("inner", "{root}/in/file", "allow", "allow"),
    ("relative", "in/../in/file", "allow", "allow"),
    ("up", "../../out/file", "ask", "allow"),
    ("twice", "inner", "allow", "allow"),
    ("outward", "link", "ask", "allow"),
    ("circle", "circle", "allow", "allow"),
    ("self", "/proc/self/cwd", "ask", "ask"),
    ("top", "/proc/self/root", "ask", "ask"),
]


@pytest.mark.behaviour("B-719")
@pytest.mark.parametrize(("name", "target", "plain", "ruled"), LINKS, ids=[each[0] for each in LINKS])
def test_links_are_judged_by_name_and_target(tmp_path: Path, name: str, target: str, plain: str, ruled: str) -> None:
    world = project(tmp_path)
    out = tmp_path / "out"
    for folder in (out, world.cwd / "in"):
        folder.mkdir()
        (folder / "file").touch()
    for each, leads, *_ in LINKS:
        (world.cwd / each).symlink_to(leads.format(out=out, root=world.cwd))
    assert policy(world, "acceptEdits").write(name).verdict == plain
    by_name = policy(world, "acceptEdits", allow=[f"Edit({name})"])
    assert by_name.write(name).verdict == plain
    both = policy(world, "acceptEdits", allow=[f"Edit({name})", f"Edit(/{out}/**)", f"Edit(/{out})"])
    assert both.write(name).verdict == ruled
    for rule in (f"Read({name})", f"Read(/{os.path.realpath(world.cwd / name)})"):
        assert policy(world, "bypassPermissions", deny=[rule]).read(name).verdict == "deny"


@pytest.mark.behaviour("B-719")
@pytest.mark.parametrize(
    "path",
    [
        "{out}/file",
        "/{out}/file",
        "folder/file",
        "./folder//file",
        "folder/",
        "in/../folder/file",
        "folder/../out/file",
        "/proc/self/cwd/../../out/file",
        "/proc/self/root{out}/file",
        "/dev/fd/0",
        "/dev/stdin/x",
        "../../out/file",
        "{root}-evil/file",
    ],
)
def test_no_spelling_of_an_outside_path_is_free(tmp_path: Path, path: str) -> None:
    world = project(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (world.cwd / "in").mkdir()
    (world.cwd / "folder").symlink_to(out)
    judge = policy(world, "acceptEdits")
    spelled = path.format(out=out, root=world.cwd)
    assert judge.read(spelled).verdict == "ask"
    assert judge.write(spelled).verdict == "ask"


@pytest.mark.behaviour("B-720")
@pytest.mark.parametrize(
    ("name", "free"),
    [
        ("new\nline", True),
        ("-rf", True),
        ("\udcff\udcfe", True),
        ("n" * 255, True),
        ("emoji 😀 \u202e bidi", True),
        ("trailing/", True),
        ("/".join("d" * 200), True),
        ("\ud800", True),
        ("n" * 256, True),
        ("a\0b", True),
        ("/".join(["d" * 250] * 20), True),
    ],
    ids=range(11),
)
def test_odd_names_inside_are_judged_like_any_other(tmp_path: Path, name: str, free: bool) -> None:
    """Those no file can have are free as well: there is nothing to read, and opening them fails in words."""
    judge = policy(project(tmp_path), "acceptEdits")
    assert (judge.read(name).verdict == "allow") is free
    assert judge.read(f"{tmp_path}/{name}").verdict == "ask"
    assert policy(project(tmp_path), deny=["Read(**)"]).read(name).verdict == "deny"


def test_what_is_in_a_folder_nobody_may_look_into_is_judged_by_its_name(tmp_path: Path) -> None:
    world = project(tmp_path)
    (world.cwd / "closed").mkdir(mode=0)
    judge = policy(world, deny=["Read(closed/secret)"])
    assert judge.read("closed/secret").verdict == "deny"
    assert judge.read("closed/other").verdict == "allow"


ROOTS = [  # what is added to the start folder, and what is then inside (or not)
    ("{tmp}/more", {"{tmp}/more/a": True, "{tmp}/more": True, "{tmp}/more-evil/a": False, "{tmp}/mor": False}),
    ("{root}/sub", {"{root}/a": True, "{root}/sub/a": True}),
    ("{home}", {"{home}/x": True, "{root}/a": True, "{home}/.coder/settings.json": False, "{tmp}/x": False}),
    ("/", {"/etc/passwd": True, "{root}/a": True, "{home}/.coder/credentials.json": False}),
    ("{tmp}/link", {"{tmp}/link/a": True, "{tmp}/real/a": True, "{tmp}/a": False}),
    ("{tmp}/gone", {"{tmp}/gone/a": True, "{tmp}/a": False}),
    ("{home}/.coder/plugin", {"{home}/.coder/plugin/a": True, "{home}/.coder/settings.json": False}),
]


@pytest.mark.behaviour("B-721")
@pytest.mark.parametrize(("added", "paths"), ROOTS, ids=[each[0] for each in ROOTS])
def test_working_directories_of_every_kind(tmp_path: Path, added: str, paths: dict[str, bool]) -> None:
    world = project(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    names = {"tmp": tmp_path, "root": world.cwd, "home": world.home}
    wider = replace(world, roots=(*world.roots, Path(added.format(**names))))
    for path, inside in paths.items():
        assert (policy(wider).read(path.format(**names)).verdict == "allow") is inside, path


def test_a_start_folder_that_vanishes_or_becomes_a_link_is_judged_as_it_is_now(tmp_path: Path) -> None:
    world = project(tmp_path)
    judge = policy(world, "acceptEdits")
    (tmp_path / "out").mkdir()
    world.cwd.rmdir()
    assert judge.write("a").verdict == "allow"
    world.cwd.symlink_to(tmp_path / "out")
    assert judge.write("a").verdict == "allow"
    assert judge.write(str(tmp_path / "out/a")).verdict == "allow"
    assert judge.write(str(tmp_path / "other/a")).verdict == "ask"


@pytest.mark.behaviour("B-722")
def test_where_the_disk_takes_several_names_for_one_so_do_the_rules(tmp_path: Path) -> None:
    plain = project(tmp_path)
    world = folding(plain)
    composed, decomposed = (unicodedata.normalize(form, "Café/É.txt") for form in ("NFC", "NFD"))
    for rule, path in (
        ("Read(Secret.txt)", "SECRET.TXT"),
        ("Read(*.PEM)", "a/key.pem"),
        ("Read(/Src/**)", "sRC/a"),
        (f"Read({composed})", decomposed),
        (f"Read({decomposed})", composed.upper()),
    ):
        assert policy(world, deny=[rule]).read(path).verdict == "deny", rule
        assert policy(plain, deny=[rule]).read(path).verdict == "allow", rule
    assert policy(world, allow=["Edit(Src/a)"]).write("src/A").verdict == "allow"
    assert policy(plain, allow=["Edit(Src/a)"]).write("src/A").verdict == "ask"
    assert policy(world).read(str(world.cwd).upper() + "/a").verdict == "allow"
    assert policy(plain).read(str(world.cwd).upper() + "/a").verdict == "ask"


@pytest.mark.behaviour("B-722")
@pytest.mark.parametrize(
    "path", [".GIT/config", ".git./config", ".git~1/config", ".git /hooks/x", ".Bashrc", ".mcp.json."]
)
def test_protected_folders_are_protected_under_every_name_the_disk_knows(tmp_path: Path, path: str) -> None:
    judge = policy(folding(project(tmp_path)), "acceptEdits", allow=["Edit"])
    assert judge.write(path).verdict == "ask"
    assert "protected" in judge.write(path).reasons[0].text
    assert judge.write(".claude/worktrees/a/x~1").verdict == "allow"


def test_the_disk_itself_is_asked_whether_it_tells_names_apart(tmp_path: Path) -> None:
    world = project(tmp_path)
    (world.cwd / "Name").touch()
    (world.cwd / "other").touch()
    tells_apart = not (world.cwd / "nAME").exists()
    assert world.folds(world.cwd / "Name") is not tells_apart
    assert world.folds(world.cwd / "missing") is not tells_apart
    assert world.ignores_case is not tells_apart
    assert not world.is_same(world.cwd / "Name", world.cwd / "other")
    assert not world.is_same(world.cwd / "missing", world.cwd / "missing")
    assert not world.folds(Path("/\ud800"))
    os.link(world.cwd / "other", world.cwd / "OTHER") if tells_apart else None
    assert world.is_same(world.cwd / "other", world.cwd / "OTHER")


def test_several_calls_on_one_world_look_once(tmp_path: Path) -> None:
    judge = policy(project(tmp_path))
    decision = judge.call("Read", Reads((judge.root / "a", Path("/etc/x"))))
    assert [place.written for place in decision.places] == [judge.root / "a", Path("/etc/x")]
    assert judge.bash("ls").places == ()


def test_a_pattern_that_python_warns_of_is_matched_in_silence(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), deny=["Read([[]x)"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge.read("[x").verdict == "deny"
