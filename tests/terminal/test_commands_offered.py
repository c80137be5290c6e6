"""Commands of files on a real terminal: in the menu, completed, run; and the screens that show them and hooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.screens import git_folder, scripted, talk
from tests.support.sitting import sitting
from tests.support.spoken_harness import speaking

ZAP = "---\ndescription: wipes the cache\nargument-hint: [what]\n---\nWipe $0.\n"
TRAP = "---\ndescription: the trap\n---\nTrap.\n"


def place_in(root: Path) -> Place:
    place = Place.make(root)
    git_folder(place)
    for name, text in {
        "commands/zap-cache.md": ZAP,
        "skills/model/SKILL.md": TRAP,
        "skills/fine/SKILL.md": TRAP,
    }.items():
        path = place.project / ".claude" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    hooks = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true zapped"}]}]}}
    (place.home / ".coder").mkdir(exist_ok=True)
    (place.home / ".coder" / "settings.json").write_text(json.dumps(hooks))
    return place


@pytest.mark.behaviour("B-1288")
def test_a_command_of_the_project_is_offered_completed_and_run(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Wiped."), place=place_in(tmp_path)) as there:
        terminal = there.terminal
        terminal.send("/zap")
        terminal.wait(lambda: any("/zap-cache" in row and "wipes the cache" in row for row in terminal.screen))
        (offered,) = [row for row in terminal.screen if "/zap-cache" in row]
        assert "project" in offered and len(offered) <= 80
        terminal.press("tab")
        terminal.wait(lambda: any(row.startswith("❯ /zap-cache ") or row == "❯ /zap-cache" for row in terminal.screen))
        terminal.send("builds")
        terminal.press("enter")
        terminal.wait("Wiped.")
        there.free()
        texts = [block["text"] for block in there.talk[-1]["messages"][-1]["content"]]
        assert texts[-1] == "Wipe builds." and there.count("❯ /zap-cache builds") >= 1


@pytest.mark.behaviour("B-1287")
@pytest.mark.behaviour("B-1201")
def test_skills_and_hooks_show_what_there_is(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Never."), place=place_in(tmp_path)) as there:
        terminal = there.terminal
        terminal.send("/skills zap")
        terminal.press("enter")
        terminal.wait("enter shows the file")
        (row,) = [row for row in terminal.screen if "/zap-cache" in row and "you, model" in row]
        assert "project" in row and len(row) <= 80
        terminal.press("enter")
        terminal.wait("Wipe $0.")
        terminal.press("esc")
        terminal.wait("enter shows the file")
        terminal.press("esc")
        there.free()
        terminal.send("/hooks")
        terminal.press("enter")
        terminal.wait("true zapped")
        terminal.press("esc")
        there.free()


@pytest.mark.behaviour("B-1286")
def test_a_skill_called_like_a_command_is_not_told_to_the_model_in_a_terminal(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello."), place=place_in(tmp_path)) as there:
        there.say("hello")
        told = json.dumps(there.talk[-1]["messages"])
        assert "- fine: the trap" in told and "- model: the trap" not in told


@pytest.mark.behaviour("B-1286")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_nor_in_plain_lines(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    with fake_api(scripted(turn("Hello."))) as api:
        child = speaking(place, api.url, "--screen-reader")
        child.expect_exact("you: ")
        child.sendline("hello")
        child.expect_exact("Hello.")
        child.sendline("/quit")
        child.expect_exact("coder -c")
        child.close()
        told = json.dumps(talk(api)[-1]["messages"])
    assert "- fine: the trap" in told and "- model: the trap" not in told
