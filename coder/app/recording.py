"""The recorder of one session's checkpoints, opened when it is first needed, and what is read from it. All blocks.

Knows the store of checkpoints; must not know events, front ends, or the loop that waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.ports import Watched
from coder.app.conversation import Told
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError, SessionError
from coder.core.lazy import LazyModule
from coder.core.tools import Runs, Writes

if TYPE_CHECKING:
    from coder.checkpoints import back, changelog, compare, gitstate, heritage, recorder
    from coder.checkpoints.changelog import ChangeSet
    from coder.checkpoints.entries import Change
    from coder.permissions.gitdrops import Drop
else:
    _NAMES = ("back", "changelog", "compare", "gitstate", "heritage", "recorder")
    back, changelog, compare, gitstate, heritage, recorder = (
        LazyModule(f"coder.checkpoints.{name}") for name in _NAMES
    )


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where a session works: `base` keeps the checkpoints of all sessions, `own` are folders of ours, `env` is what git
    is started with. `is_busy`: a command of this session runs in the background."""

    base: Path
    session_id: str
    roots: tuple[Path, ...]
    home: Path
    own: tuple[Path, ...]
    env: dict[str, str]
    is_busy: Callable[[], bool] = lambda: False


class Recording:
    """`told` are the prompts so far, each of which becomes a point; `warn` is for the loop, `warnings` are the
    recorder's, which runs in a thread."""

    def __init__(self, site: Site, told: Iterable[Told], warn: Callable[[str], None]) -> None:
        self._site = site
        self._warn = warn
        self.told = list(told)
        self.warnings: list[str] = []
        self._before_us = {each.uuid for each in self.told}
        self._recorder: recorder.Recorder | None = None
        self._marked: set[str] = set()
        self._stirred: list[str] = []

    @property
    def is_open(self) -> bool:
        return self._recorder is not None

    def stirred(self, command: str) -> None:
        """A command ran beside the calls of a run: what it changed is found at the next look. Does not block."""
        self._stirred.append(command)

    def after(self, id: str) -> tuple[Change, ...] | None:
        """What a call changed that was begun as `id`; None when the session has ended meanwhile."""
        return self._recorder.after(id).changes if self._recorder is not None else None

    def note(self, changes: Iterable[Change]) -> None:
        """What going back changed is known."""
        if self._recorder is not None:
            self._recorder.note(changes)

    def close(self) -> None:
        held, self._recorder = self._recorder, None
        if held is None:
            return
        try:
            self._stir(held)
        except CoderError as error:
            self.warnings.append(f"What your last command changed cannot be undone: {clause(error)}.")
        held.close()

    def begin(self, call: Watched) -> str:
        held = self._marking()
        self._stir(held)
        if isinstance(call.access, Writes):
            return held.before(call.summary, "tool", call.writes, scan=False)
        named = [each.path for each in call.effects if each.path is not None and each.kind in ("writes", "deletes")]
        what = call.access.command if isinstance(call.access, Runs) else call.summary
        return held.before(what, "command", named, scan=True)

    def snapshot(self, drop: Drop) -> tuple[str, str]:
        held = self._marking()
        found = gitstate.repositories(drop.folders)
        for repository in found:
            held.refs.add(repository)
        if drop.removes:
            held.watch_too(folder for each in found for folder in gitstate.work_trees(each, held.git))
        mark = held.snapshot(drop.text)
        if drop.prunes:
            held.adopt_all()
        saved = False
        for repository in found:
            try:
                saved = gitstate.save_state(repository, held.git, held.folder, mark.id) is not None or saved
            except OSError as error:
                raise SessionError(f"git's state could not be saved: {error.strerror or error}") from error
        return mark.id, "" if saved else " (files only)"

    def back(self) -> back.Back:
        held = self.opened()
        self._stir(held)
        held.catch_up()
        return back.Back(self._site.base, held.log, held.contents, self._marks())

    def differences(self) -> list[compare.Difference]:
        held = self.opened()
        held.catch_up()
        found: list[compare.Difference] = compare.differences(held.log.records(), self._marks(), held.contents)
        return found

    def changed_in(self, prompt: str) -> tuple[ChangeSet, ...]:
        if self._recorder is None or prompt not in self._marked:
            return ()
        self._stir(self._recorder)
        self._recorder.catch_up()
        found: list[ChangeSet] = []
        has_begun = False
        for record in self._recorder.log.records():
            if isinstance(record, changelog.Mark):
                has_begun = has_begun or record.id == prompt
            elif has_begun and isinstance(record, changelog.ChangeSet) and record.source != "rewind":
                found.append(record)
        return tuple(found)

    def opened(self) -> recorder.Recorder:
        if self._recorder is None:
            site = self._site
            around = recorder.Surroundings(site.home, site.own, site.env, site.is_busy)
            held = recorder.Recorder(site.base, site.session_id, site.roots, around, self.warnings.append)
            self._take_over(held.folder)
            held.recover()
            self._marked = {each.id for each in held.log.records() if isinstance(each, changelog.Mark)}
            self._recorder = held
        return self._recorder

    def _take_over(self, folder: Path) -> None:
        """A fork begins with the checkpoints of the session it came from."""
        if not self._before_us or (folder / changelog.NAME).exists():
            return
        try:
            heritage.take_over(self._site.base, folder, self._before_us)
        except OSError as error:
            self._warn(f"Only what this fork changes can be undone: {error.strerror or error}.")

    def _marking(self) -> recorder.Recorder:
        """The recorder, once every prompt so far is a point in its journal."""
        held = self.opened()
        for mark in self._marks():
            if mark.id not in self._marked:
                held.mark(mark)
                self._marked.add(mark.id)
        return held

    def _marks(self) -> list[changelog.Mark]:
        return [changelog.Mark(each.uuid, each.text, each.when) for each in self.told]

    def _stir(self, held: recorder.Recorder) -> None:
        stirred, self._stirred = self._stirred, []
        if stirred:
            held.stirred("; ".join(stirred))


def clause(error: CoderError) -> str:
    return str(error).rstrip(".")
