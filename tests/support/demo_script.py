"""What the model of the demo says: the script its cassette is recorded from. Paths are filled in per run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coder.cli.demo import TEST_COMMAND

OLD = "    minutes = seconds // 60\n"
NEW = "    minutes = seconds // 60 % 60\n"


def script(project: Path) -> dict[str, Any]:
    """The turns, each waiting for what the tools must have shown."""
    duration = str(project / "timebox" / "duration.py")
    return {
        "turns": [
            {
                "blocks": [
                    {"type": "thinking", "thinking": "Run the tests first to see what fails, and look at the files."},
                    {"type": "text", "text": "I'll run the tests and look at the project."},
                    {
                        "type": "tool_use",
                        "name": "Bash",
                        "input": {"command": f"{TEST_COMMAND} -q", "description": "Run the tests"},
                    },
                    {"type": "tool_use", "name": "Glob", "input": {"pattern": "**/*.py", "path": str(project)}},
                ]
            },
            {
                "expect": {"any_tool_result_contains": "90m"},
                "blocks": [
                    {
                        "type": "text",
                        "text": "Three tests fail, all in the same way: `5400` prints as `1h 90m`. The minutes are "
                        "not reduced to what is left after the hours.",
                    },
                    {"type": "tool_use", "name": "Read", "input": {"file_path": duration}},
                    {
                        "type": "tool_use",
                        "name": "Grep",
                        "input": {"pattern": "format_duration", "path": str(project), "output_mode": "content"},
                    },
                ],
            },
            {
                "blocks": [
                    {
                        "type": "text",
                        "text": "`hours` is taken modulo 24, `minutes` is not taken modulo 60. That is the bug.",
                    },
                    {
                        "type": "tool_use",
                        "name": "Edit",
                        "input": {"file_path": duration, "old_string": OLD, "new_string": NEW},
                    },
                ]
            },
            {
                "blocks": [
                    {
                        "type": "tool_use",
                        "name": "Bash",
                        "input": {"command": f"{TEST_COMMAND} -q", "description": "Run the tests again"},
                    }
                ]
            },
            {
                "blocks": [
                    {
                        "type": "text",
                        "text": "Fixed. `format_duration` in `timebox/duration.py:23` did not reduce the minutes "
                        "modulo 60, so 90 minutes printed as `1h 90m`. All 8 tests pass now "
                        "(`python3 -m unittest -q`). "
                        "`total` in `schedule.py` uses the same function and is right again with it.",
                    }
                ]
            },
        ]
    }
