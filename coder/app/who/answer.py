"""`coder who`: what is asked about, and the answer from journals, git's log and what there is. Must not know how it is
shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from coder.app.checkpointing import FOLDER
from coder.app.who import names
from coder.app.who.files import near, rows_of, with_lines
from coder.app.who.journals import Journal, journals, with_journals
from coder.app.who.outside import now_of
from coder.app.who.own import with_own
from coder.app.who.sessions import Transcripts
from coder.app.who.targets import Files, files_of
from coder.app.who.values import Answer, FileRow, NameRow, What
from coder.checkpoints.contents import Contents
from coder.checkpoints.dropped import dropped_sessions
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.git.call import Git
from coder.git.hashes import hashes
from coder.git.reflog import Step, steps_by_git, steps_of
from coder.git.refs import RefReader
from coder.git.repository import Repository, repository_of

SHOWN = 20
_NAMED: dict[str, What] = {
    **{"HEAD": "head", "@": "head", "stash": "stash", "refs/stash": "stash"},
    **{"worktree": "worktrees", "worktrees": "worktrees"},
}
_HEADS = "refs/heads/"
_MOST_SUBJECTS = 4_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """`words` are files, or one name of git's. `how` keeps changes of that kind alone, "" all; `since` is in seconds
    since the epoch. Without `every` only the newest are told."""

    words: tuple[str, ...]
    how: str = ""
    since: float = 0.0
    every: bool = False


def answer(question: Question, cwd: Path, home: Path, env: Mapping[str, str]) -> Answer:
    """Blocks. Raises ConfigError for a question that makes no sense here."""
    return _Asked(question, Path(os.path.realpath(cwd)), home, env).answer()


class _Asked:
    def __init__(self, question: Question, cwd: Path, home: Path, env: Mapping[str, str]) -> None:
        self._question = question
        self._cwd = cwd
        self._base = home / FOLDER
        self._transcripts = Transcripts(home)
        self._repository = repository_of(cwd)
        self._git = Git(env, [cwd if self._repository is None else self._repository.top])

    def answer(self) -> Answer:
        words = self._question.words
        if len(words) > 1:
            return self._files(files_of(words, self._cwd))
        word = words[0]
        is_file = os.path.lexists(self._cwd / word) if "\0" not in word else False
        what: What = "branch" if word.startswith(_HEADS) else _NAMED.get(word, "file")
        if what != "file" and not is_file:
            if self._repository is None:
                raise ConfigError(f"{word} is a name of git's, and this folder lies in no repository.")
            return self._names(self._repository, what, word.removeprefix(_HEADS))
        if not is_file and self._repository is not None and self._is_branch(self._repository, word):
            return self._names(self._repository, "branch", word)
        found = self._files(files_of(words, self._cwd))
        if not found.found and not is_file and self._repository is not None:
            place = _place(self._repository)
            if word in names.branches_in(self._moves(), place):
                return self._names(self._repository, "branch", word)
        return found

    def _is_branch(self, repository: Repository, word: str) -> bool:
        return ("branch", word) in (RefReader(repository, self._git).look() or {})

    def _files(self, files: Files) -> Answer:
        every = rows_of(self._journals(files.texts), files.fits)
        rows = [row for row in every if self._fits(row)]
        shown = rows if self._question.every else rows[:SHOWN]
        contents = Contents(self._base) if (self._base / "contents.db").is_file() else None
        try:
            told = tuple(with_lines(row, contents) for row in shown)
        finally:
            if contents is not None:
                contents.close()
        found = self._answer("file", " ".join(self._question.words), files.place, files.name)
        found = _counted(replace(found, files=told, titles=self._titles(told)), rows, told)
        if files.path:
            last = next((row for row in every if row.path == files.path), None)
            now = now_of(files.path, self._git, last.after if last else None, known=last is not None)
            found = replace(found, now=now)
        if not rows and files.path:
            found = replace(found, near=near(self._journals((f"/{files.name}",)), files.name) or self._alike(files))
        return found

    def _alike(self, files: Files) -> tuple[str, ...]:
        """Of another case, which the quick look above does not find."""
        return near(self._journals(("",)), files.name)

    def _names(self, repository: Repository, what: What, name: str) -> Answer:
        read, place = self._moves(), _place(repository)
        match what:
            case "head":
                rows = names.rows_of_head(read, place, self._log(repository, repository.folder, "HEAD"))
            case "branch":
                log = self._log(repository, repository.shared, f"{_HEADS}{name}")
                rows = names.rows_of_branch(read, place, name, log)
            case "stash":
                rows = names.rows_of_stash(read, place, self._log(repository, repository.shared, "refs/stash"))
            case _:
                rows = names.rows_of_worktrees(read, place)
        rows = [row for row in with_own(rows, self._base) if row.when >= self._question.since]
        shown = tuple(rows if self._question.every else rows[:SHOWN])
        found = self._answer(what, name, repository.top)
        subjects = self._subjects(repository, _commits(shown))
        return _counted(replace(found, names=shown, titles=self._titles(shown), subjects=subjects), rows, shown)

    def _answer(self, what: What, asked: str, place: Path, name: str = "") -> Answer:
        known = with_journals(self._base)
        gaps = self._transcripts.gaps(place, known, dropped_sessions(self._base), name)
        gaps = tuple(gap for gap in gaps if gap.when >= self._question.since)
        return Answer(what, asked, gaps=gaps)

    def _journals(self, texts: Sequence[str]) -> list[Journal]:
        return journals(self._base, self._transcripts.depth, texts)

    def _moves(self) -> list[Journal]:
        return journals(self._base, self._transcripts.depth, (), refs=True)

    def _fits(self, row: FileRow) -> bool:
        how = self._question.how
        return row.when >= self._question.since and (not how or row.how in (how, _ALSO.get(how, "")))

    def _titles(self, rows: Sequence[FileRow | NameRow]) -> dict[str, str]:
        turns = (turn for row in rows for turn in (row.cause.turn, *row.cause.beside) if turn is not None)
        return self._transcripts.titles(turn.session for turn in turns)

    def _log(self, repository: Repository, folder: Path, ref: str) -> tuple[Step, ...]:
        if (repository.shared / "reftable").is_dir():
            return steps_by_git(repository.top, self._git, ref)
        return steps_of(folder / "logs" / ref) if ".." not in ref else ()

    def _subjects(self, repository: Repository, commits: Iterable[str]) -> dict[str, str]:
        """The first lines of those that are still there."""
        asked = "\n".join(hashes(commits)).encode("ascii")
        if not asked:
            return {}
        form = ("--no-walk=unsorted", "--ignore-missing", "--no-show-signature", "--format=%H%x00%s", "--stdin")
        settings = ("i18n.logOutputEncoding=UTF-8",)
        told = self._git.answer(
            repository.top, "log", *form, stdin=asked + b"\n", settings=settings, most=_MOST_SUBJECTS
        )
        lines = (line.decode("utf-8", "replace").partition("\0") for line in told.out.split(b"\n"))
        return {id: subject for id, _, subject in lines if id}


_ALSO = {"deleted": "moved away", "created": "moved here"}


def _place(repository: Repository) -> names.Place:
    return names.Place(str(repository.top), str(repository.shared))


def _counted(found: Answer, rows: Sequence[FileRow | NameRow], shown: Sequence[FileRow | NameRow]) -> Answer:
    others = sum(row.cause.by == "other" for row in rows)
    return replace(found, more=len(rows) - len(shown), ours=len(rows) - others, others=others)


def _commits(rows: Iterable[NameRow]) -> list[str]:
    return [id for row in rows for id in (row.before, row.after, *(step.after for step in row.steps))]
