"""What a job tells its service: the log, the summary, outputs for later steps, a comment. Must not know sessions."""

from __future__ import annotations

import os
import re
import secrets as randomness
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from coder.cli.ci_event import Happening
from coder.cli.ci_fence import as_comment
from coder.core.errors import ConfigError
from coder.core.programs import program_folders
from coder.core.visible import visible_line

_MOST_SUMMARY = 900_000
_GH_SECONDS = 120
_LABEL = re.compile(r"[\w][\w .:/+-]{0,49}\Z")


@contextmanager
def quiet_commands(env: Mapping[str, str]) -> Iterator[None]:
    """Within, a line of the log is no command to the runner, whoever wrote it."""
    if env.get("GITHUB_ACTIONS") != "true":
        yield
        return
    token = randomness.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        sys.stderr.flush()
        print(f"\n::{token}::", flush=True)


def write_summary(env: Mapping[str, str], title: str, text: str) -> None:
    if path := env.get("GITHUB_STEP_SUMMARY"):
        _append(Path(path), f"### {title}\n\n{as_comment(text, _MOST_SUMMARY)}\n")


def write_outputs(env: Mapping[str, str], values: Mapping[str, str]) -> None:
    """In the form in which a value can hold anything but its own end, which nobody can foretell."""
    if path := env.get("GITHUB_OUTPUT"):
        end = f"coder_{randomness.token_hex(16)}"
        _append(Path(path), "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in values.items()))


def comment(happening: Happening, env: Mapping[str, str], root: Path, text: str) -> None:
    """As the one whose token stands in the environment. Raises ConfigError."""
    kind = "pr" if happening.kind == "request" else "issue"
    _gh(happening, env, root, (kind, "comment"), ("--body-file", "-"), as_comment(text))


def label(happening: Happening, env: Mapping[str, str], root: Path, labels: tuple[str, ...]) -> None:
    kind = "pr" if happening.kind == "request" else "issue"
    given = tuple(f"--add-label={each}" for each in labels)
    _gh(happening, env, root, (kind, "edit"), given, "")


def check_can_tell(happening: Happening, env: Mapping[str, str], root: Path) -> None:
    """Before anything is paid for. Raises ConfigError."""
    if happening.service != "github" or not happening.number or not happening.repository:
        raise ConfigError(
            "there is no pull request or issue of GitHub to comment on. Leave --comment and --label away."
        )
    if not (env.get("GH_TOKEN") or env.get("GITHUB_TOKEN")):
        raise ConfigError("--comment or --label needs a token. Give the step: env: GH_TOKEN: ${{ github.token }}")
    _program(env, root)


def labels_in(answer: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the last line that names some, of those there are. What the model made up is left out."""
    said = re.findall(r"^\W{0,4}labels\W{0,4}:\W{0,4}(.*)$", answer, re.IGNORECASE | re.MULTILINE)
    wanted = {part.strip(" `*_\"'.").lower() for part in (said[-1] if said else "").split(",")}
    return tuple(each for each in known if each.lower() in wanted)


def known_labels(text: str) -> tuple[str, ...]:
    """Raises ConfigError."""
    labels = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if wrong := next((each for each in labels if not _LABEL.match(each)), None):
        raise ConfigError(f"--labels: {visible_line(wrong)!r} is no name of a label. Separate them by commas.")
    return labels


def _gh(
    happening: Happening,
    env: Mapping[str, str],
    root: Path,
    what: tuple[str, ...],
    more: tuple[str, ...],
    stdin: str,
) -> None:
    argv = [_program(env, root), *what, str(happening.number), "--repo", happening.repository, *more]
    try:
        done = subprocess.run(
            argv,
            input=stdin.encode("utf-8", "replace"),
            env={**env, "GH_PROMPT_DISABLED": "1"},
            cwd=root.anchor,
            capture_output=True,
            timeout=_GH_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            f"gh {' '.join(what)} could not be run: {type(error).__name__}. The answer is above."
        ) from error
    if done.returncode != 0:
        said = visible_line(done.stderr.decode("utf-8", "replace").strip().split("\n")[-1])[:300]
        raise ConfigError(f"gh {' '.join(what)} failed: {said}. The answer is above.")


def _program(env: Mapping[str, str], root: Path) -> str:
    """Never one of the checkout."""
    found = shutil.which("gh", path=os.pathsep.join(program_folders(env, (root,))) or os.devnull)
    if found is None:
        raise ConfigError("gh is not installed, or not on PATH. Install it, or leave --comment and --label away.")
    return found


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error
