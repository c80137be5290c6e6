"""The trust question as a screen, over what a real folder brings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.config.load import folder_trust
from coder.config.question import TrustQuestion, question
from coder.config.trust import approve
from coder.frontends.picker import Picked
from coder.frontends.picking import Picking, spoken
from coder.frontends.styled import plain, width_of
from coder.frontends.trust_screen import details_rows, trust_answer, trust_picker

SETTINGS = {
    "hooks": {"PostToolUse": [{"matcher": "Edit", "hooks": [{"type": "command", "command": "make lint"}]}]},
    "permissions": {"allow": ["Bash(npm test *)", "Bash(make *)"]},
}


def asked(tmp_path: Path, settings: object = SETTINGS, *, known: bool = False) -> TrustQuestion:
    folder = tmp_path / "src" / "shop"
    (folder / ".coder").mkdir(parents=True, exist_ok=True)
    env = {"HOME": str(tmp_path)}
    if known:
        approve(tmp_path / ".coder", folder_trust(env, folder)[0])
    (folder / ".coder" / "settings.json").write_text(json.dumps(settings))
    found = question(folder_trust(env, folder)[0])
    assert found is not None
    return found


def shown(found: TrustQuestion, home: Path, width: int = 80) -> list[str]:
    return [plain(each).rstrip() for each in Picking(trust_picker(found, home)).rows(width, 24)]


@pytest.mark.behaviour("B-898")
def test_the_question_names_what_would_run_and_begins_with_the_safe_answer(tmp_path: Path) -> None:
    assert shown(asked(tmp_path), tmp_path) == [
        "? Do you trust the files in ~/src/shop?",
        "  This folder wants to:  run 1 hook (.coder/settings.json)",
        "                         allow 2 commands without asking",
        "❯ 1 Not now: open it, ignore those        2 Yes, trust this folder",
        "  3 Show them first                       4 Leave",
        "  enter chooses · esc leaves",
    ]
    assert len(shown(asked(tmp_path), tmp_path, 40)) == 10


@pytest.mark.behaviour("B-898")
def test_the_answers_and_leaving(tmp_path: Path) -> None:
    picker = trust_picker(asked(tmp_path))
    pressed = [Picking(picker).press(key) for key in ("enter", "2", "3", "4")]
    assert all(isinstance(each, Picked) for each in pressed)
    assert [trust_answer(each) for each in pressed if isinstance(each, Picked)] == ["not_now", "trust", "show", "leave"]
    assert trust_answer(None) == "leave"
    assert spoken(picker)[-1] == "Type 1 to 4 and press enter:"


def test_show_them_first_names_each_thing_with_its_file(tmp_path: Path) -> None:
    rows = [plain(each) for each in details_rows(asked(tmp_path))]
    assert rows[0] == "It brings:"
    assert any(".coder/settings.json" in line and "make lint" in line for line in rows)
    assert len(rows) == 4


def test_a_folder_that_changed_says_what_is_new(tmp_path: Path) -> None:
    asked(tmp_path)
    found = asked(
        tmp_path, {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "curl \u202ex"}]}]}}, known=True
    )
    text = "\n".join(shown(found, tmp_path))
    assert "has changed since you trusted it" in text and "new .coder/settings.json: hook" in text
    assert "gone .coder/settings.json" in text and "\u202e" not in text and "\\u202e" in text
    assert any("Since you trusted it" in plain(each) for each in details_rows(found))
    for width in (20, 40, 80, 120):
        assert all(width_of(each) <= width for each in Picking(trust_picker(found)).rows(width, 24))
