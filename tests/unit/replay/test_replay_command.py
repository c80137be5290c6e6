import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.fakeapi import DEADLINE, KEY, model_request, user

COMMAND = [sys.executable, "-c", "from coder.cli.replay import app; app(prog_name='coder replay')"]


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def first_lines(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    return process.stdout.readline(), process.stdout.readline()


def url_in(export: str) -> str:
    return export.split("ANTHROPIC_BASE_URL=")[1].split()[0]


def ask(url: str, *messages: dict[str, object]) -> httpx2.Response:
    headers = {"x-api-key": KEY}
    body = model_request(*(messages or (user("go"),)))
    return httpx2.post(f"{url}/v1/messages", json=body, headers=headers, trust_env=False, timeout=DEADLINE)


@pytest.mark.behaviour("B-166")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_it_is_and_ends_quietly(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text("turns:\n  - Hello.\n  - Never asked for.\n", encoding="utf-8")
    with serving(str(path)) as process:
        where, export = first_lines(process)
        assert where.startswith("fake Messages API on http://127.0.0.1:")
        assert "playing hello.yaml" in where
        assert export.startswith("export ANTHROPIC_BASE_URL=http://127.0.0.1:")
        assert ask(url_in(export)).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=DEADLINE)
    assert out.strip() == "served 1 requests, refused 0; 1 of 2 turns were not asked for"
    assert (err, process.returncode) == ("", 0)


def test_serve_reports_refusals_as_they_happen(tmp_path: Path) -> None:
    path = tmp_path / "hello.json"
    path.write_text('["Hello."]', encoding="utf-8")
    with serving(str(path)) as process:
        assert ask(url_in(first_lines(process)[1]), {"role": "user", "content": ""}).status_code == 400
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    assert err == "refused: messages.0: text content blocks must be non-empty\n"
    assert "refused 1" in out


@pytest.mark.behaviour("B-158")
@pytest.mark.parametrize(
    ("script", "arguments", "message"),
    [
        ("turns: [{txt: hi}]", [], "coder replay: hello.yaml: turns[0].txt: unknown key"),
        ("turns: [hi]", ["--root", "cwd"], "coder replay: --root cwd: expected NAME=PATH"),
    ],
)
def test_serve_refuses_what_it_cannot_play(tmp_path: Path, script: str, arguments: list[str], message: str) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run([*COMMAND, "serve", str(path), *arguments], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr


def test_serve_allows_changed_prefixes_when_told(tmp_path: Path) -> None:
    path = tmp_path / "hello.json"
    path.write_text('{"otherwise": "Hello."}', encoding="utf-8")
    with serving(str(path), "--no-continuity") as process:
        url = url_in(first_lines(process)[1])
        history = [user("go"), {"role": "assistant", "content": "Hello."}, user("on")]
        assert ask(url, *history).status_code == 200
        assert ask(url, user("go"), {"role": "assistant", "content": "Other."}, user("on")).status_code == 200
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE)
