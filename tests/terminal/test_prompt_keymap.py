from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.prompt_pty import prompting


@pytest.mark.behaviour("B-848")
def test_own_keys_work_and_hints_name_them(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    bindings = {"ctrl+s": "chat:newline", "alt+s": "chat:stash", "enter": None, "ctrl+x ctrl+s": "chat:submit"}
    blocks = [
        {"context": "Chat", "bindings": bindings},
        {"context": "Autocomplete", "bindings": {"alt+t": "autocomplete:accept"}},
    ]
    (tmp_path / "home" / "keybindings.json").write_text(json.dumps({"bindings": blocks}))
    with prompting(tmp_path) as prompt:
        prompt.type("a\x13b\x1bs")
        prompt.see("draft put aside · alt+s takes it back")
        prompt.type("\x1bs\x18\x13")
        assert prompt.see_sent(1)[0]["text"] == "a\nb"
        prompt.type("/com")
        prompt.see("2 of ")
        prompt.see("alt+t completes · ctrl+x ctrl+s runs")
        prompt.type("\x1bt")
        prompt.see_only("❯ /compact")
