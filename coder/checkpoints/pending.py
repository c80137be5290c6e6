"""A going-back on its way, written down before it begins, so that the next start can complete it. Must not know points.

The first line of its file says what is laid ready where, the second that from now on it counts: without it everything
is cleared away, with it everything is put in place. Where the conversation goes back too, the file stays under another
name until that is done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from coder.checkpoints.changelog import ChangeLog, ChangeSet, read_log
from coder.checkpoints.contents import CheckpointError, Contents, private_folder
from coder.checkpoints.entries import Change, change_from_json, change_to_json, path_from_json, path_to_json
from coder.checkpoints.plan import Plan, Step, check_contents
from coder.checkpoints.restore import Restore
from coder.core.dataclass import dataclass
from coder.core.locks import lock

FOLDER = "pending"
_TALK = ".talk"  # the files are back, the conversation is not yet
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Done:
    """`changes` is as it is journalled; `passed` are paths that somebody changed in the last moment."""

    changes: ChangeSet
    passed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation of `session` stood at `start` and goes back: to before `prompt`, or without one to
    `leaf`."""

    file: Path
    session: str
    start: str
    prompt: str
    leaf: str


def carry_out(base: Path, log: ChangeLog, contents: Contents, plan: Plan, record: ChangeSet) -> Done:
    """Carries the plan out and journals it as `record`. Raises CheckpointError with nothing changed, or, when the disk
    refuses half way, with the rest left to `complete`."""
    with _alone(base):
        check_contents(plan, contents)
        contents.flush(lasting=True)
        restore = Restore(plan, contents, record.id)
        restore.plan_ready()
        file = base / FOLDER / f"{record.id}.jsonl"
        try:
            private_folder(file.parent)
            _write(file, _to_json(plan, restore, record, log.folder))
        except OSError as error:
            with suppress(OSError):
                file.unlink()
            raise CheckpointError(f"there is no going back just now: {error.strerror or error}.") from error
        try:
            restore.lay_ready()
            _write(file, {"counts": True})
        except (CheckpointError, OSError) as error:
            restore.clear()
            file.unlink()
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(f"there is no going back just now: {error.strerror or error}.") from error
        return _place(file, restore, log, record)


def is_waiting(base: Path) -> bool:
    """Whether something may be left to complete. Cheap."""
    try:
        return any(each.suffix in (".jsonl", _TALK) for each in (base / FOLDER).iterdir())
    except OSError:
        return False


def complete(base: Path, contents: Contents) -> list[Done]:
    """Completes what was cut off: forwards when it counted, else back. What a living process does is left to it.

    Raises CheckpointError when the disk refuses again.
    """
    found: list[Done] = []
    with suppress(BlockingIOError), _alone(base, wait=0.0):
        for file in sorted((base / FOLDER).glob("*.jsonl")):
            raw = _read(file)
            if not raw:  # torn before anything was laid ready
                file.unlink(missing_ok=True)
                continue
            plan, record, folder, ready = _from_json(raw[0])
            restore = Restore(plan, contents, record.id)
            restore.ready = ready
            if len(raw) < 2:
                restore.clear()
                file.unlink()
                continue
            log = ChangeLog(folder)
            try:
                found.append(_place(file, restore, log, record))
            finally:
                log.close()
    return found


def talks(base: Path) -> list[Talk]:
    """The conversations that have yet to go back where their files have. Never raises."""
    found: list[Talk] = []
    for file in sorted((base / FOLDER).glob(f"*{_TALK}")):
        with suppress(OSError, CheckpointError, IndexError):
            _, record, folder, _ = _from_json(_read(file)[0])
            undone = (each for each in read_log(folder) if isinstance(each, ChangeSet) and each.id == record.undoes)
            leaf = next((each.leaf for each in undone), "")
            found.append(Talk(file, folder.name, record.leaf, record.to, leaf))
    return found


def talked(base: Path, id: str) -> None:
    """The conversation has gone back as well. Never raises."""
    with suppress(OSError):
        (base / FOLDER / f"{id}{_TALK}").unlink(missing_ok=True)


def _place(file: Path, restore: Restore, log: ChangeLog, record: ChangeSet) -> Done:
    changes, passed = restore.put_in_place()
    done = replace(record, changes=tuple(changes))
    try:
        if not any(isinstance(each, ChangeSet) and each.id == record.id for each in read_log(log.folder)):
            log.append(done, lasting=True)
        if record.leaf:
            file.replace(file.with_suffix(_TALK))
        else:
            file.unlink()
    except OSError as error:
        raise CheckpointError(f"the files are back, but that was not written down: {error.strerror}.") from error
    return Done(done, tuple(passed))


@contextmanager
def _alone(base: Path, wait: float = _LOCK_SECONDS) -> Iterator[None]:
    """One going-back at a time. Raises BlockingIOError at once without `wait`, else CheckpointError."""
    try:
        private_folder(base)
        descriptor = os.open(base / "rewind.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CheckpointError(f"{base} cannot be written to: {error.strerror or error}.") from error
    try:
        lock(descriptor, wait)
        yield
    except BlockingIOError as error:
        if not wait:
            raise
        raise CheckpointError("another rewind is under way. Try again when it is done.") from error
    finally:
        os.close(descriptor)


def _write(file: Path, raw: dict[str, Any]) -> None:
    data = (json.dumps(raw, separators=(",", ":")) + "\n").encode("ascii")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(file, flags, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(file: Path) -> list[Any]:
    found: list[Any] = []
    for line in file.read_bytes().split(b"\n"):
        try:
            if line:
                found.append(json.loads(line))
        except ValueError:
            break
    return found


def _to_json(plan: Plan, restore: Restore, record: ChangeSet, folder: Path) -> dict[str, Any]:
    steps = [change_to_json(Change(step.path, step.have, step.want)) for step in plan.steps.values()]
    return {
        "id": record.id,
        "what": record.what,
        "when": record.when,
        "to": record.to,
        "undoes": record.undoes,
        "leaf": record.leaf,
        "takes": list(record.takes),
        "journal": path_to_json(str(folder)),
        "steps": steps,
        "doors": {path_to_json(path): mode for path, mode in plan.doors.items()},
        "ready": {path_to_json(path): path_to_json(where) for path, where in restore.ready.items()},
    }


def _from_json(raw: Any) -> tuple[Plan, ChangeSet, Path, dict[str, str]]:
    try:
        changes = map(change_from_json, raw["steps"])
        plan = Plan({each.path: Step(each.path, each.before, each.after) for each in changes})
        plan.doors = {path_from_json(path): int(mode) for path, mode in raw["doors"].items()}
        ready = {path_from_json(path): path_from_json(where) for path, where in raw["ready"].items()}
        record = ChangeSet(raw["id"], "rewind", raw["what"], (), raw["when"], (), raw["to"], raw["undoes"])
        record = replace(record, leaf=raw["leaf"], takes=tuple(map(str, raw.get("takes", ()))))
        return plan, record, Path(path_from_json(raw["journal"])), ready
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"a rewind that was cut off cannot be read: {error}.") from error
