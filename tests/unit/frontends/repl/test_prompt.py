"""The prompt without a terminal: what the session round it calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.frontends.repl.entry import Entry
from coder.frontends.repl.prompt import Place, Prompt
from coder.frontends.slash.registry import BUILT_IN, Command
from coder.frontends.styled import plain


class Session:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Entry] = []
        self.prompt = Prompt(self, Place(Path("/")))

    def send(self, entry: Entry) -> None:
        self.sent.append(entry)

    def is_running(self) -> bool:
        return False

    def stop(self) -> bool:
        return False

    def rewind(self) -> None: ...

    def take_back(self) -> str | None:
        return None

    def below(self) -> bool:
        return False

    def edit(self, text: str) -> None: ...

    def redraw(self) -> None: ...


def test_what_was_sent_comes_back_with_its_tokens() -> None:
    session = Session()
    prompt = session.prompt
    prompt.insert("see ")
    prompt.paste("line\n" * 20)
    prompt.add_picture(Path("/a.png"))
    prompt.send()
    (entry,) = session.sent
    assert entry.text == "see " + "line\n" * 20 + "[Image 1]"
    assert prompt.text == ""
    prompt.set_text(entry.text, restored=True)
    assert prompt.text == "see [Pasted 20 lines][Image 1] "
    assert [plain(row) for row in prompt.menu_rows(80)] == ["  restored · esc clears it"]
    prompt.insert("x")
    assert prompt.menu_rows(80) == []
    prompt.send()
    assert session.sent[1].pictures == (Path("/a.png"),)


@pytest.mark.behaviour("B-1288")
def test_a_command_that_was_typed_before_it_was_known_gets_its_menu() -> None:
    prompt = Session().prompt
    zap = Command("zap", "wipes", hint="[what]", origin="project")
    prompt.insert("/zap")
    before = prompt.menu
    assert before is None
    prompt.offer((*BUILT_IN, zap))
    assert prompt.menu is not None and [choice.text for choice in prompt.menu.choices] == ["/zap"]
    prompt.close_menu()
    prompt.offer((*BUILT_IN, zap))
    assert prompt.menu is None


def test_a_text_that_is_put_in_opens_no_menu() -> None:
    prompt = Session().prompt
    for text in ("/com", "see @app"):
        prompt.set_text(text)
        assert (prompt.text, prompt.menu_rows(80)) == (text, [])
    kinds = []
    for text in ("see", "!ls", "/compact now", "# use tabs", "# a\n# b"):
        prompt.set_text(text)
        kinds.append(prompt.kind)
    assert kinds == ["prompt", "shell", "command", "memory", "prompt"]
