"""Which content filters a repository brings along itself, and how they are switched off for one call. Runs nothing.

`git status`, `diff`, `blame`, `add` and `checkout` start the filter that attributes name. The person's own ones (of the
global and system settings, such as git-lfs) may run; one that the repository's own settings define, or change, may not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from coder.git.call import Answer

ARGUMENTS = ("config", "--includes", "--show-scope", "-z", "--get-regexp", r"^filter\..")
"""What to ask git for. It ends with code 1 where there is none."""

_PERSONS = ("system", "global")
_PROGRAMS = ("clean", "smudge", "process")


@dataclass(frozen=True, slots=True)
class Filters:
    """`settings` are for `Git.asked(settings=…)`; with them no filter runs but as the person set it up. `names` are
    those of the repository that do not run as it says. `problem` says why that cannot be done, and nothing of a
    file's content may then be asked for."""

    settings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    problem: str = ""


def filters(answer: Answer) -> Filters:
    """What the answer to ARGUMENTS means."""
    if answer.code == 1 and not answer.out:
        return Filters()
    if not answer.ok:
        return Filters(problem=f"its settings cannot be read: {answer.problem or 'git does not say why'}")
    persons: dict[str, str] = {}
    own: dict[str, None] = {}
    records = os.fsdecode(answer.out).split("\0")
    for scope, record in zip(records[::2], records[1::2], strict=False):
        key, _, value = record.partition("\n")
        if scope in _PERSONS:
            persons[key] = value
        else:
            own[key.rpartition(".")[0]] = None
    if any("=" in name for name in own):  # `-c` could not say its name
        return Filters(problem="a content filter in its own settings cannot be switched off, for it has = in its name")
    settings = [
        f"{name}.{part}={persons.get(f'{name}.{part}', 'false' if part == 'required' else '')}"
        for name in own
        for part in (*_PROGRAMS, "required")
    ]
    return Filters(tuple(settings), tuple(name.removeprefix("filter.") for name in own))
