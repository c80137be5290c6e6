"""What a repository's own settings say that would run at reading, or have other files read. Runs nothing.

`git status`, `diff`, `blame`, `add` and `checkout` start the filter that attributes name. The person's own ones (of the
global and system settings, such as git-lfs) may run; one that the repository's own settings define, or change, may not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from coder.core.dataclass import dataclass
from coder.git.call import Answer

ARGUMENTS = (
    "config",
    "--includes",
    "--show-scope",
    "-z",
    "--get-regexp",
    r"^(filter\..|core\.sparsecheckout$|blame\.ignorerevsfile$)",
)
"""What to ask git for. It ends with code 1 where there is none."""

_PERSONS = ("system", "global")
_YES = ("true", "yes", "on", "1", "")


@dataclass(frozen=True, slots=True)
class Filters:
    """`settings` are for `Git.asked(settings=…)`; with them no filter runs but as the person set it up. `names` are
    those of the repository that do not run as it says. `problem` says why that cannot be done, and nothing of a
    file's content may then be asked for. `is_sparse`: not all files are wanted in the work tree. `revision_files` are
    those that `git blame` would read, and print where it does not understand them."""

    settings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    problem: str = ""
    is_sparse: bool = False
    revision_files: tuple[str, ...] = ()


def filters(answer: Answer) -> Filters:
    """What the answer to ARGUMENTS means."""
    if answer.code == 1 and not answer.out:
        return Filters()
    if not answer.ok:
        return Filters(problem=f"its settings cannot be read: {answer.problem or 'git does not say why'}")
    records = os.fsdecode(answer.out).split("\0")
    said = [(scope, *record.partition("\n")[::2]) for scope, record in zip(records[::2], records[1::2], strict=False)]
    persons = {key: value for scope, key, value in said if scope in _PERSONS and key.startswith("filter.")}
    own = list(dict.fromkeys(key for scope, key, _ in said if scope not in _PERSONS and key.startswith("filter.")))
    if any("=" in key for key in own):  # `-c` could not say its name
        return Filters(problem="a content filter in its own settings cannot be switched off, for it has = in its name")
    sparse = [value.lower() in _YES for _, key, value in said if key == "core.sparsecheckout"]
    return Filters(
        tuple(_settings(own, persons)),
        tuple(dict.fromkeys(key.removeprefix("filter.").rpartition(".")[0] for key in own)),
        is_sparse=bool(sparse and sparse[-1]),
        revision_files=tuple(
            value for scope, key, value in said if key == "blame.ignorerevsfile" and scope not in _PERSONS
        ),
    )


def _settings(own: Iterable[str], persons: dict[str, str]) -> Iterable[str]:
    """Each as the person has it, or without effect. What has none cannot be required; a `process` cannot even be taken
    back, and what stands beside it is then not run either."""
    for key in own:
        name, _, part = key.rpartition(".")
        if part == "required":
            yield f"{key}=false"
        elif key in persons:
            yield f"{key}={persons[key]}"
        else:
            yield f"{key}="
            yield f"{name}.required=false"
