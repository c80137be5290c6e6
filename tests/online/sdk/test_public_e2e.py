"""The programs that the Python SDK publishes as examples, unchanged, with a model that does what they ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api
from tests.support.obliging import Obliging
from tests.support.sdk_examples import Examples, source_in
from tests.support.sdks import program_in

pytestmark = [pytest.mark.online, pytest.mark.behaviour("B-2581")]
EXAMPLES = (
    ("agents.py", 0, ("Multiple Agents Example", "Claude: Done.")),
    ("filesystem_agents.py", 0, ("SUCCESS: Received full response",)),
    ("hooks.py all", 0, ("Blocked command: ./foo.sh", "Blocked Write to:", "Critical error detected")),
    ("include_partial_messages.py", 0, ("content_block_delta", "ResultMessage(subtype='success'")),
    (
        "max_budget_usd.py",
        1,
        ("Status: success", "Status: error_max_budget_usd"),
    ),  # the last of its results is an error
    ("mcp_calculator.py", 0, ("15.0 + 27.0 = 42.0", "√144.0 = 12.0", "2.0^8.0 = 256.0")),
    ("plugin_example.py", 0, ("  - demo-plugin (path:",)),
    ("quick_start.py", 0, ("With Tools Example", "Cost: $")),
    ("setting_sources.py all", 0, ("Available slash commands: [",)),
    ("stderr_callback_example.py", 0, ("Captured 0 stderr lines",)),
    ("streaming_mode.py all", 0, ("Tools used: Write", "Interrupt sent successfully", "Hello from bash!")),
    ("system_prompt.py", 0, ("Preset System Prompt with Append",)),
    ("tool_permission_callback.py", 0, ("Redirecting write from hello.py to ./safe_output/hello.py", "Allowing bash")),
    ("tools_option.py", 0, ("Tools from system message: ['Read', 'Glob', 'Grep']", "Tools from system message: []")),
)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return source_in(tmp_path_factory.mktemp("sdk"))


@pytest.mark.parametrize(("line", "code", "words"), EXAMPLES, ids=[line for line, *_ in EXAMPLES])
def test_an_example_works(
    published: Path, place: Place, tmp_path: Path, line: str, code: int, words: tuple[str, ...]
) -> None:
    program_in(tmp_path).rename(tmp_path / "claude")
    (place.project / "README.md").write_text("# A project\n", encoding="utf-8")
    name, *arguments = line.split()
    with fake_api(Obliging()) as api:
        done = Examples(published, place, tmp_path).run(name, *arguments, api=api)
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-4000:]
    assert (place.project / "safe_output" / "hello.py").exists() is (name == "tool_permission_callback.py")
    assert [each for each in words if each not in done.stdout + done.stderr] == [], done.stdout[-4000:]
