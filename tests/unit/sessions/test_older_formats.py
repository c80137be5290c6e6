"""users.md S12: session files of every older format are listed, loaded and can be gone on with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coder.sessions.glimpse import glimpse
from coder.sessions.load import load
from coder.sessions.locate import everywhere
from coder.sessions.repair import repair
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, assert_sendable, user

GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.jsonl"))


def put(home: Path, golden: Path, number: int) -> Path:
    path = home / "projects" / "-home-me-shop" / f"11111111-1111-4111-8111-11111111110{number}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(golden, path)
    return path


@pytest.mark.behaviour("B-418")
@pytest.mark.parametrize("golden", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_an_older_format_is_listed_and_gone_on_with(tmp_path: Path, golden: Path) -> None:
    path = put(tmp_path, golden, 1)
    before = path.read_bytes()
    seen = glimpse(path)
    assert seen is not None and (seen.title, seen.cwd) == ("fix the cart", "/home/me/shop")
    found = load(path)
    messages = repair(found.messages, found.calls)
    assert_sendable(messages)
    said = [message.text for message in messages if message.text and message.meta.kind != "context"]
    assert (said[0], said[1], said[-1]) == ("fix the cart", "I look.", "Done.")
    with Transcript.open(path, VERSION) as transcript:
        transcript.append(user("and now"))
    assert path.read_bytes().startswith(before)
    assert [m.text for m in load(path).messages] == [*(m.text for m in found.messages), "and now"]


@pytest.mark.behaviour("B-418")
def test_all_of_them_are_in_the_list(tmp_path: Path) -> None:
    paths = {put(tmp_path, golden, number) for number, golden in enumerate(GOLDEN)}
    assert set(everywhere(tmp_path)) == paths and len(paths) == len(GOLDEN) >= 5


def test_what_a_newer_version_wrote_is_said(tmp_path: Path) -> None:
    (newer,) = (path for path in GOLDEN if path.stem == "newer_version")
    assert load(put(tmp_path, newer, 1)).skipped == "loaded 3 of 4 lines; skipped 1 entry of unknown type 'hologram'"
