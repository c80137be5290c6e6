"""The words of an auto-commit: what its branch is called, its message, what people are told. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from coder.core.visible import visible_line

_SUBJECT = 72
_SLUG = 40
_PROMPTS = 5
_FILES = 30
_NAMED = 3
_WORD = re.compile(r"[a-z0-9]+")


def branch_name(title: str, session_id: str) -> str:
    """`coder/fix-login-3f2a`."""
    title = next((line for line in title.splitlines() if line.strip()), "")
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    slug = ""
    for word in _WORD.findall(plain.replace("'", "")):
        longer = f"{slug}-{word}" if slug else word[:_SLUG]
        if len(longer) > _SLUG:
            break
        slug = longer
    return f"coder/{slug or 'work'}-{_four(session_id)}"


def is_own_branch(branch: str, session_id: str) -> bool:
    """Whether a branch is one that `branch_name` made for this session."""
    return re.fullmatch(rf"coder[/-].*-{_four(session_id)}(-\d)?", branch) is not None


def message(prompts: Sequence[str], title: str, session_id: str, files: Mapping[str, str], trailer: str) -> str:
    """`files` are the paths with the letter of how each changed."""
    firsts = [line for line in map(_first_line, prompts) if line]
    subject = _cut(firsts[0] if firsts else visible_line(title) or "work of a run", _SUBJECT)
    parts = [subject]
    if len(firsts) > 1 or (firsts and subject != firsts[0]):
        parts.append("\n".join(["Asked:", *(f"- {_cut(line, 200)}" for line in firsts[:_PROMPTS])]))
    listed = [f"{letter} {visible_line(path)}" for path, letter in list(files.items())[:_FILES]]
    more = [f"and {len(files) - _FILES} more"] if len(files) > _FILES else []
    parts.append("\n".join(["Files:", *listed, *more]))
    parts.append("\n".join([f"Coder-Session: {session_id}", *([trailer] if trailer else [])]))
    return "\n\n".join(parts) + "\n"


def subject_of(text: str) -> str:
    return text.partition("\n")[0]


def committed(count: int, short: str, branch: str, was: str = "") -> str:
    """`was` is the branch that HEAD was on, when it is another now."""
    moved = f" (HEAD was on {visible_line(was)}, which stays where it is)" if was else ""
    return f"Committed {counted(count)} as {short} on {branch}{moved} · coder undo takes it back"


def shown_branch(ref: str) -> str:
    return visible_line(ref.removeprefix("refs/heads/"))


def counted(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def named(paths: Iterable[str]) -> str:
    """The first few of them, and how many more."""
    every = [visible_line(path) for path in paths]
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more


def _first_line(text: str) -> str:
    return next((line for line in map(visible_line, text.splitlines()) if line.strip()), "").strip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _four(session_id: str) -> str:
    return re.sub(r"[^0-9a-z]", "", session_id.lower())[:4] or "0000"
