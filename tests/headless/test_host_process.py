from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from coder.cli import streaming
from coder.cli.arguments import parse
from coder.core.errors import CoderError
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, thinking, tool, turn
from tests.support.hosted import Json
from tests.support.processes import is_alive, until
from tests.support.wire import SDK, wired


def _shape(frame: Json) -> str:
    match frame["type"]:
        case "system" | "result":
            return f"{frame['type']} {frame['subtype']}"
        case "control_response":
            return f"control_response {frame['response']['subtype']}"
        case kind:
            blocks = frame["message"]["content"]
            return " ".join([kind, *(f"[{block['type']}]" for block in blocks)])


@pytest.mark.behaviour("B-2200", "B-2215")
def test_the_happy_path_as_the_sdks_drive_it(place: Place) -> None:
    replies = [turn(thinking("hm"), "Running.", tool("Bash", command="echo hi")), turn("It says hi.")]
    flags = ("--allowedTools", "Bash(echo *)", "--system-prompt", "")
    with fake_api(replies) as api, wired(place, *flags, url=api.url) as wire:
        padding = {"a": {"description": "d" * 300_000, "prompt": "p"}}
        wire.ask("initialize", hooks=None, agents=padding)
        wire.write(b"\r\n\nnot json \xe2\x80\n")
        wire.say("Run: echo hi")
        wire.end()
        wire.rest()
        assert wire.process.returncode == 0
        assert [_shape(frame) for frame in wire.seen] == [
            "control_response success",
            "system init",
            "assistant [thinking]",
            "assistant [text]",
            "assistant [tool_use]",
            "user [tool_result]",
            "assistant [text]",
            "result success",
        ]
        assert wire.stderr.count("\n") == 1 and wire.stderr.startswith(
            "coder: line 4 of the input is left out: it is no "
        )
        assert wire.seen[-3]["tool_use_result"]["stdout"] == "hi"


@pytest.mark.behaviour("B-2216")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_a_result_and_no_process(place: Place, number: signal.Signals) -> None:
    pids = place.project / "pids"
    command = f"sleep 999 & echo $! $$ > {pids}; sleep 999"
    flags = ("--allowedTools", "Bash", "--dangerously-skip-permissions")
    with fake_api([turn(tool("Bash", command=command))]) as api, wired(place, *flags, url=api.url) as wire:
        wire.say("go")
        wire.say("never")
        wire.started("Bash")
        asyncio.run(until(lambda: pids.exists() and pids.read_text(encoding="utf-8").endswith("\n")))
        wire.process.send_signal(number)
        come = wire.rest(ends=False)
        assert wire.process.wait(60) == 128 + number and wire.stderr == ""
        assert [frame["terminal_reason"] for frame in come if frame["type"] == "result"] == ["aborted_tools"]
    for pid in pids.read_text(encoding="utf-8").split():
        assert not is_alive(int(pid))


@pytest.mark.behaviour("B-2216")
@pytest.mark.parametrize("number", [None, signal.SIGTERM])
def test_an_idle_process_ends_with_its_input_or_by_a_signal(place: Place, number: signal.Signals | None) -> None:
    with wired(place, url="http://127.0.0.1:9") as wire:
        wire.ask("initialize")
        if number is None:
            assert wire.close() == 0
        else:
            wire.process.send_signal(number)
            assert wire.process.wait(60) == 128 + number
        assert wire.stderr == ""


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--input-format", "stream-json"), "output-format"),
        ((*SDK, "hello"), "standard input"),
        ((*SDK, "-r"), "no session in this folder"),
    ],
)
def test_flags_that_do_not_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], words: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CoderError, match=words):
        streaming.start(parse(list(flags)))
