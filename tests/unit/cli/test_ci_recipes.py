"""action.yml and the workflows of the documentation: known inputs, and no words of others in a line for a shell."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from coder.cli.ci import app

ROOT = Path(__file__).resolve().parents[3]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
WORKFLOWS = sorted((ROOT / "docs" / "examples" / "ci").glob("*.yml"))


def steps(document: Any) -> Iterator[Any]:
    for job in document.get("jobs", {}).values():
        yield from job["steps"]


@pytest.mark.behaviour("B-2318")
def test_the_action_says_everything_by_variables_that_the_command_knows() -> None:
    command = typer.main.get_command(app)
    known = {str(each.envvar) for each in command.params if each.envvar} | {"CODER_CI_ALLOWED_TOOLS", "CODER_CI_TASK"}
    *_, run = ACTION["runs"]["steps"]
    given = {f"CODER_CI_{name.upper().replace('-', '_')}" for name in ACTION["inputs"]} - {
        "CODER_CI_VERSION",
        "CODER_CI_INSTALL",
    }
    assert set(run["env"]) == given <= known
    assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])


@pytest.mark.behaviour("B-2318")
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_to_copy_is_sound(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    for step in steps(document):
        assert "${{" not in step.get("run", "")
        if "/coder@" in step.get("uses", ""):
            # Nobody is sent to an action or a package of the name that somebody else may have.
            assert step["uses"] == "OWNER/coder@COMMIT"
            assert set(step["with"]) <= set(ACTION["inputs"])
        if "checkout" in step.get("uses", ""):
            assert "ref" not in step.get("with", {})  # never what was proposed
    assert ("jobs" not in document) or "permissions" in document


@pytest.mark.behaviour("B-2318")
def test_scripts_are_scripts() -> None:
    lines = [
        step["run"] for path in WORKFLOWS for step in steps(yaml.safe_load(path.read_text("utf-8"))) if "run" in step
    ]
    lines += [step["run"] for step in ACTION["runs"]["steps"]] + [
        (ROOT / "docs" / "examples" / "ci" / "plain.sh").read_text("utf-8"),
        "\n".join(yaml.safe_load((ROOT / "docs/examples/ci/gitlab.yml").read_text("utf-8"))["review"]["script"]),
    ]
    for line in lines:
        subprocess.run(["bash", "-n", "-c", line], check=True)
        unquoted = re.sub(r'"[^"]*"', "", line)
        assert not re.findall(r"\$[A-Z{]", unquoted), line
