"""What goes wrong before there is a session: a line on stderr, and for whoever waits for a result, one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from coder.core.messages import Usage
from coder.core.usage_form import usage
from tests.support import ends
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn

pytestmark = pytest.mark.behaviour("B-2277")
WRONG = [
    pytest.param(("--no-such-flag",), 2, "unknown flag", id="flag"),
    pytest.param(("--settings", '{"permissions": 3'), 2, "--settings", id="settings"),
    pytest.param(("--cwd", "/no/such/folder"), 2, "/no/such/folder", id="folder"),
    pytest.param(("-r", "0b5c0c0e-0000-4000-8000-000000000000"), 1, "No conversation", id="session"),
]


@pytest.mark.parametrize("form", ["json", "stream-json"])
@pytest.mark.parametrize(("args", "code", "words"), WRONG)
def test_a_run_that_cannot_begin_has_a_result_too(
    place: Place, args: tuple[str, ...], code: int, words: str, form: str
) -> None:
    done = place.coder("-p", "x", "--output-format", form, *args, url="http://127.0.0.1:9")
    (result,) = ends.results(done)
    assert (done.code, result["is_error"], result["terminal_reason"]) == (code, True, "turn_setup_failed")
    assert words in result["errors"][0] and done.stderr == f"coder: {result['errors'][0]}\n"
    ends.check_told(done, form, code)


def test_what_is_wrong_is_spelled_so_that_any_reader_understands_it() -> None:
    words = 'a "quote" \\ 宽 🎉 \x01\n\udc80'
    code = f"from coder.cli import early; early.begin(['-p', '--output-format=json']); early.failed({words!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["errors"] == [words] and done.stderr == b""
    assert json.loads(line)["usage"] == usage(Usage())  # as every other result has it


@pytest.mark.parametrize("args", [(), ("--output-format", "json")])
def test_without_a_key_one_line_says_what_to_do(place: Place, args: tuple[str, ...]) -> None:
    done = place.coder("-p", "x", *args)
    said = done.stderr if not args else ends.results(done)[0]["result"]
    assert done.code == 4 and "ANTHROPIC_API_KEY" in said and len(said.splitlines()) == 1
    assert (done.stdout == "") if not args else (done.stderr == "")


def test_a_run_that_begins_tells_its_own_end_alone(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        done = place.coder("-p", "x", "--output-format=json", url=api.url)
    assert [line["type"] for line in done.lines] == ["result"]
