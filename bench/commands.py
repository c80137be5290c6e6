"""Commands, skills and agents: loading a thousand of their files."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.cases import PYTHON
from bench.measure import run
from bench.report import Report

_LOAD = """
import time
started = time.process_time()
import json, sys
from pathlib import Path
from coder.commands.agents import load_agents
from coder.commands.loader import load
from coder.commands.places import places
cwd = Path(sys.argv[1])

every = places(cwd, cwd / "home", bundled=False)
catalogue, (agents, _) = load(every), load_agents(every)
loaded = time.process_time()
stale = catalogue.stale()
print(json.dumps({"load": loaded - started, "stale": time.process_time() - loaded, "is_stale": stale,
                  "found": len(catalogue.all()) + len(agents)}))
"""


def loading(report: Report, folder: Path, runs: int) -> None:
    """A thousand files as people write them: a third of the heads need a YAML parser, some are no YAML at all."""
    project = folder / "commands"
    (project / ".git").mkdir(parents=True)
    for name, text in _files(random.Random(1)):
        path = project / ".claude" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = [json.loads(run([PYTHON, "-c", _LOAD, str(project)], cwd=Path.cwd()).output) for _ in range(runs)]
    if any(each["found"] != 1000 or each["is_stale"] for each in found):
        sys.exit("the loader did not find what was written")
    report.title("1,000 commands, skills and agents")
    report.bar("loading: CPU", sorted(each["load"] for each in found)[runs // 2], 0.5, " s")
    report.bar("has any changed: CPU", sorted(each["stale"] for each in found)[runs // 2], 0.05, " s")


def _files(chance: random.Random) -> Iterator[tuple[str, str]]:
    body = "\n\n".join("Look at the code, then say what you found. " * 8 for _ in range(12))
    for number in range(1000):
        said = f"does what number {number} is for, when the person asks for it"
        head = chance.choice(
            (
                f"description: {said}\nallowed-tools: Read, Grep",
                f"description: {said}\nargument-hint: [file] [line]",
                f'description: "{said}"\nallowed-tools: Bash(git add:*), Bash(git commit:*)\nmodel: sonnet',
                f"description: >-\n  {said}\n  and more\ntools:\n  - Read\n  - Grep",
                f"description: Use when: {said}\ncolor: blue",
            )
        )
        match number % 3:
            case 0:
                yield f"commands/group{number % 7}/c{number}.md", f"---\n{head}\n---\n{body}"
            case 1:
                yield f"skills/s{number}/SKILL.md", f"---\nname: s{number}\n{head}\n---\n{body}"
            case _:
                yield f"agents/a{number}.md", f"---\nname: a{number}\n{head}\n---\n{body}"


ALL = (loading,)
