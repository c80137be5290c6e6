"""What `from coder import …` gives, what it costs before it is used, and that the documentation's programs run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import coder
from tests.support.fakeapi import fake_api, tool, tool_input, turn

ROOT = Path(coder.__file__).parent
PAGE = ROOT.parent / "docs" / "embedding.md"
PROGRAMS = re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
SCRIPTS: dict[str, Any] = {
    "One prompt": [turn(tool("Glob", pattern="*.py")), "It prints the price."],
    "A conversation": ["In app.py.", "Renamed."],
    "Permissions": [turn(tool("Bash", command="touch notes.txt")), turn(tool("Bash", command="rm app.py")), "Made."],
    "Answers with a form": [
        turn(tool("Submit", findings=[{"path": "app.py", "line": "x", "what": "?"}], verdict="no")),
        turn(tool("Submit", findings=[{"path": "app.py", "line": 1, "what": "seven"}], verdict="fine")),
    ],
    "Tools of your own": [turn(tool_input("mcp__program__stock", {"article": "A-7"})), "There are 3."],
}
PRINTS = {
    "One prompt": ["· Glob *.py", "It prints the price.", "done"],
    "A conversation": ["In app.py. Renamed.", "later: Options(", "resume="],
    "Permissions": ["Bash touch notes.txt", "Made. (Denied("],
    "Answers with a form": ["fine ['app.py']"],
    "Tools of your own": ["There are 3."],
}


@pytest.mark.behaviour("B-2315")
def test_importing_coder_loads_nothing_until_a_name_is_used() -> None:
    probe = (
        "import sys, coder; print(sorted(m for m in sys.modules if m.startswith(('coder', 'asyncio', 'importlib.m'))))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", probe], cwd=ROOT.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['coder']"


@pytest.mark.behaviour("B-2315")
def test_every_name_is_there_and_type_checkers_are_told_of_the_same() -> None:
    told = ast.parse((ROOT / "__init__.pyi").read_text("utf-8"))
    stub = {each.asname: node.module for node in told.body if isinstance(node, ast.ImportFrom) for each in node.names}
    names = vars(coder)["_EMBEDDED"]
    assert stub == names and set(vars(coder)["__all__"]) == {"__version__", *names}
    assert all(getattr(coder, name) is not None for name in names)
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        getattr(coder, "nothing_of_that_name")  # noqa: B009  # type checkers know that there is none
    assert (ROOT / "py.typed").is_file()


@pytest.mark.behaviour("B-2316")
@pytest.mark.parametrize(("title", "program"), PROGRAMS, ids=[title for title, _ in PROGRAMS])
def test_the_programs_of_the_documentation_run(
    title: str, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("print(7)\n")
    monkeypatch.chdir(tmp_path)
    with fake_api(SCRIPTS[title]) as api:
        for name, value in {**api.env, "HOME": str(tmp_path), "CODER_CONFIG_DIR": str(tmp_path / "home")}.items():
            monkeypatch.setenv(name, value)
        exec(compile(program, f"{PAGE.name}: {title}", "exec", dont_inherit=True), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    assert all(part in printed for part in PRINTS[title]), printed
    assert (tmp_path / "app.py").exists()
    assert not api.unfinished
