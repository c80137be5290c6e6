"""docs/screens.md: it shows every screen, and it is what the program draws. A few screens are captured anew here; `make
screens` captures all of them."""

from __future__ import annotations

import getpass
import re
import socket
import tempfile

import pytest
from wcwidth import wcswidth

from coder.frontends.slash.registry import BUILT_IN
from tests.support.capture import GROUPS, PAGE, ROOT, every_shot
from tests.support.studio import KEY, Shot, written

WITHOUT_A_SCREEN = {"login", "logout", "quit", "uncompact"}
"""Those that send a prompt, ask for a line or leave."""
ANEW = ("Welcome", "Keys", "A command is asked about")
SHOTS = {shot.title: shot for shot in every_shot()}


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def captures(page: str) -> list[str]:
    return re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.behaviour("B-1050")
def test_every_screen_is_on_the_page_once_and_in_order(page: str) -> None:
    headings = re.findall(r"^###? (.*)", page, re.MULTILINE)
    assert headings == [
        title for heading, group in GROUPS for title in (heading, *(s.title for s in every_shot(group)))
    ]
    assert len(captures(page)) == len(SHOTS)
    assert all(capture.strip() for capture in captures(page))


@pytest.mark.behaviour("B-1050")
@pytest.mark.parametrize("name", [each.name for each in BUILT_IN if each.name not in WITHOUT_A_SCREEN])
def test_every_command_with_a_screen_is_on_the_page(name: str) -> None:
    assert f"/{name}" in SHOTS


@pytest.mark.behaviour("B-1050")
def test_nothing_on_the_page_is_too_wide_or_of_this_machine(page: str) -> None:
    for row in "\n".join(captures(page)).split("\n"):
        assert 0 <= wcswidth(row) <= 80, row
        assert row == row.rstrip()
    for name in (KEY, str(ROOT), tempfile.gettempdir(), f"/{getpass.getuser()}/", socket.gethostname()):
        assert name not in page
    assert not re.search(r"/(tmp|root|work)/", page)


@pytest.mark.behaviour("B-1050")
@pytest.mark.parametrize("shot", [SHOTS[title] for title in ANEW], ids=lambda shot: shot.title)
def test_the_page_shows_what_the_program_draws(shot: Shot, page: str) -> None:
    assert written(shot, shot.taken()) in page
