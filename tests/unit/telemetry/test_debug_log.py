from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.telemetry.logs import HIDDEN, DebugLog, redacted

KEY = "sk-live-0123456789"
logger = logging.getLogger("coder.test")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DebugLog]:
    found = DebugLog.start(DebugLog.place(tmp_path / "home", "session-1"), [KEY, "ab"])
    yield found
    found.close()


def written(log: DebugLog) -> str:
    log.close()
    assert log.path is not None
    return log.path.read_text(encoding="utf-8")


@pytest.mark.behaviour("B-441")
def test_the_log_is_one_private_file_per_session(log: DebugLog, tmp_path: Path) -> None:
    logger.debug("hello %s", "there")
    assert log.path == tmp_path / "home" / "debug" / "session-1.txt"
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert log.path.parent.stat().st_mode & 0o777 == 0o700
    assert written(log).endswith(" DEBUG coder.test hello there\n")


@pytest.mark.behaviour("B-441")
def test_a_key_is_taken_out_of_messages_arguments_and_tracebacks(log: DebugLog) -> None:
    logger.debug("key=%s and able", KEY)
    logger.debug({"nested": [KEY]})
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        logger.exception("failed with %r", KEY, stack_info=True)
    text = written(log)
    assert KEY not in text
    assert "ValueError: bad key" in text
    assert "and able" in text  # a "secret" of two letters blanks out nothing
    assert text.count(HIDDEN) >= 4


@pytest.mark.behaviour("B-441")
@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer SECRETSECRET",
        "{'authorization': 'Bearer SECRETSECRET'}",
        '{"x-api-key": "SECRETSECRET"}',
        "[(b'x-api-key', b'SECRETSECRET'), (b'accept', b'x')]",
        "ANTHROPIC_API_KEY=SECRETSECRET",
        "ANTHROPIC_AUTH_TOKEN='SECRETSECRET'",
        "proxy-authorization: basic SECRETSECRET==",
        "set-cookie: SECRETSECRET",
        "using bearer SECRETSECRET here",
        "sk-ant-SECRETSECRET",
        "https://user:SECRETSECRET@proxy.example:8080/",
        'password = "SECRETSECRET"',
    ],
)
def test_what_looks_like_a_credential_is_taken_out(text: str) -> None:
    assert "SECRET" not in redacted(text)
    assert HIDDEN in redacted(text)


@pytest.mark.parametrize("text", ["POST https://api.example.com/v1/messages 200", "read 10 tokens", "a bearer of news"])
def test_ordinary_words_stay(text: str) -> None:
    assert redacted(text) == text


def test_odd_text_does_not_break_the_log(log: DebugLog) -> None:
    logger.debug("half \ud83d")
    assert "half \\ud83d" in written(log)


def test_a_link_in_the_logs_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "debug").mkdir()
    (tmp_path / "debug" / "s.txt").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        DebugLog.start(DebugLog.place(tmp_path, "s"))
    assert not (tmp_path / "target").exists()


@pytest.mark.behaviour("B-441")
def test_without_being_asked_nothing_is_written_anywhere(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = DebugLog.silent()
    try:
        logger.warning("a library complains")
    finally:
        log.close()
    assert capfd.readouterr() == ("", "")
    assert os.listdir(tmp_path) == []


def test_closing_gives_the_root_logger_back_as_it_was(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    log = DebugLog.start(DebugLog.place(tmp_path, "s"))
    log.close()
    log.close()
    assert (root.level, root.handlers) == before


@pytest.mark.behaviour("B-2267")
@pytest.mark.parametrize(
    ("wanted", "kept"),
    [("", "abc"), ("api", "a"), ("mcp,hooks", "bc"), ("!mcp", "ac"), (" API , !models", ""), ("nothing", "")],
)
def test_a_list_says_which_parts_are_logged(tmp_path: Path, wanted: str, kept: str) -> None:
    log = DebugLog.start(tmp_path / "own.txt", (), wanted)
    for part, word in (("models.wire", "a"), ("mcp.owner", "b"), ("hooks.run", "c")):
        logging.getLogger(f"coder.{part}").debug("<%s>", word)
    text = written(log)
    assert [word for word in "abc" if f"<{word}>" in text] == list(kept)


@pytest.mark.behaviour("B-2267")
def test_the_log_is_a_file_and_nothing_else(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/null"), tmp_path):
        with pytest.raises(OSError, match=r"ordinary|directory|device"):
            DebugLog.start(place)
