"""Edit: replaces one text by another within a file, and not one byte more. Must not guess: no match, no change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.tools import ToolContext, ToolOutput, Writes
from coder.core.workspace import Workspace
from coder.tools import files
from coder.tools.encoding import UTF8
from coder.tools.ledger import FileLedger
from coder.tools.textfile import Splice, TextFile, encode, printable, trimmed, view_of

if TYPE_CHECKING:
    from coder.tools import change, nearest, patch
    from coder.tools.change import Current
else:
    change = LazyModule("coder.tools.change")
    nearest = LazyModule("coder.tools.nearest")
    patch = LazyModule("coder.tools.patch")

_LISTED = 20  # places named when there are several
_TELLING = 10  # characters of a text that is found once and can hardly be there by chance


@dataclass(frozen=True, slots=True)
class EditParams:
    file_path: Annotated[str, "Absolute path of the file"]
    old_string: Annotated[str, "Text to replace, exactly as in the file"]
    new_string: Annotated[str, "Text to put in its place"]
    replace_all: Annotated[bool, "Replace every occurrence"] = False


class Edit:
    name = "Edit"
    params = EditParams

    def __init__(self, ledger: FileLedger) -> None:
        self._ledger = ledger

    def access(self, params: EditParams, workspace: Workspace) -> Writes:
        return Writes((files.target(params.file_path, workspace),))

    def summary(self, params: EditParams) -> str:
        return params.file_path

    async def run(self, params: EditParams, context: ToolContext) -> ToolOutput:
        path = files.absolute(params.file_path, context.workspace)
        if params.old_string == params.new_string:
            raise ToolError("`old_string` and `new_string` are the same, so there is nothing to change.")
        found = await files.probe(path, context)
        if found is None:
            if params.old_string:
                raise await asyncio.to_thread(files.missing, path, context.workspace)
            return await self._create(path, params, context)
        if path.suffix == ".ipynb":
            raise ToolError(f"{files.shown(path)} is a notebook; change its cells with NotebookEdit.")
        now = await change.current(path, found, context, self._ledger, "Edit")
        if not params.old_string and now.file.view.strip():
            raise ToolError(
                f"`old_string` is empty, which only makes a new file, and {files.shown(path)} has content. "
                "Send the text to replace; to insert, send a neighbouring line as old_string and both as new_string."
            )
        return await self._apply(now, params, context)

    async def _create(self, path: Path, params: EditParams, context: ToolContext) -> ToolOutput:
        data = encode(params.new_string, UTF8)
        await files.save(path, data, context)
        self._ledger.mark_written(path, data, whole=True)
        after = view_of(params.new_string)
        return _output(f"Created {files.shown(path)}", path, params, "", after, whole="")

    async def _apply(self, now: Current, params: EditParams, context: ToolContext) -> ToolOutput:
        view = now.file.view
        old, new = (self._as_view(now, text) for text in (params.old_string, params.new_string))
        places = _places(view, old) if old else [0]
        if self._is_applied(now, params, old, new, places):
            return self._already(now, params, new)
        if not places:
            raise await asyncio.to_thread(_not_found, now, old)
        if params.replace_all and not now.is_stale:
            places = _apart(places, len(old))
        elif len(places) > 1:
            raise _several(now, places, old)
        first = trimmed(old, new, 0) if old else Splice(0, len(view), new)
        splices = [Splice(first.start + place, first.end + place, first.text) for place in places]
        data = await asyncio.to_thread(now.file.splice, splices)
        await files.save(now.path, data, context)
        self._ledger.mark_written(now.path, data, whole=now.is_seen_whole)
        self._ledger.mark_edit(now.path, params.old_string, params.new_string)
        after = _spliced(view, splices)
        where = _lines_text(now.file, [splice.start for splice in splices])
        said = f"Edited {files.shown(now.path)} at {where}"
        whole = change.original(now.file)
        return await asyncio.to_thread(_output, said, now.path, params, view, after, whole, now.since_text)

    def _as_view(self, now: Current, text: str) -> str:
        return view_of(text).replace("\r", "\n") if now.file.is_bare_cr else view_of(text)

    def _is_applied(self, now: Current, params: EditParams, old: str, new: str, places: list[int]) -> bool:
        """Whether the file already holds what this edit would make: we made it, or the text is plainly there."""
        view = now.file.view
        at = view.find(new)
        if at < 0 or not new.strip():
            return False
        was_made = self._ledger.has_edit(now.path, params.old_string, params.new_string)
        if places:  # as when `new` contains `old`: made again it would double
            reach = len(new) - len(old)
            return was_made and all(view.find(new, max(p - reach, 0), p + len(new)) >= 0 for p in places)
        return was_made or (len(new.strip()) >= _TELLING and view.find(new, at + 1) < 0)

    def _already(self, now: Current, params: EditParams, new: str) -> ToolOutput:
        view = now.file.view
        at = view.find(new)
        text = (
            f"Already applied: {files.shown(now.path)} has new_string at line {now.file.line_of(at)}, and old_string "
            f"nowhere else. Nothing was written.\n{nearest.numbered(printable(view), at, at + len(new))}"
        )
        data = _output("", now.path, params, view, view, change.original(now.file)).data
        return ToolOutput("\n".join(filter(None, (text, now.since_text))), data, "already applied")


def _output(
    said: str, path: Path, params: EditParams, before: str, after: str, whole: str | None, more: str = ""
) -> ToolOutput:
    made = patch.patch(printable(before), printable(after))
    data = {
        **change.changed(path, made),
        "oldString": params.old_string,
        "newString": params.new_string,
        "originalFile": whole,
        "userModified": False,
        "replaceAll": params.replace_all,
    }
    text = f"{said}: {made.counts} lines."
    return ToolOutput(f"{text}\n{more}" if more else text, data, made.counts)


def _places(view: str, old: str) -> list[int]:
    """Every place, overlapping ones too: `aa` stands twice in `aaa`, and which was meant nobody can tell."""
    found = []
    at = view.find(old)
    while at >= 0:
        found.append(at)
        at = view.find(old, at + 1)
    return found


def _apart(places: list[int], width: int) -> list[int]:
    """Those that do not overlap one before them."""
    kept: list[int] = []
    for place in places:
        if not kept or place >= kept[-1] + width:
            kept.append(place)
    return kept


def _spliced(view: str, splices: list[Splice]) -> str:
    made: list[str] = []
    done = 0
    for splice in splices:
        made += (view[done : splice.start], view_of(splice.text))
        done = splice.end
    return "".join((*made, view[done:]))


def _lines_text(file: TextFile, places: list[int]) -> str:
    lines = [str(file.line_of(place)) for place in places[:_LISTED]]
    if len(places) == 1:
        return f"line {lines[0]}"
    return f"{len(places):,} places (lines {', '.join(lines)}{' ...' if len(places) > _LISTED else ''})"


def _not_found(now: Current, old: str) -> ToolError:
    near = nearest.suggestions(printable(now.file.view), printable(old))
    return ToolError(
        "\n".join(
            filter(
                None,
                (
                    f"old_string was not found in {files.shown(now.path)}, which is unchanged.",
                    near or "Nothing in the file is like it. Read the place again and copy the text exactly.",
                    now.since_text,
                ),
            )
        )
    )


def _several(now: Current, places: list[int], old: str) -> ToolError:
    where = _lines_text(now.file, places)
    name = files.shown(now.path)
    if now.is_stale:
        text = (
            f"{name} changed since you read it and old_string is there in {where}; nothing was changed. Read it again."
        )
        return ToolError(f"{text}\n{now.since_text}")
    examples = "\n".join(nearest.numbered(printable(now.file.view), place, place + len(old), 3) for place in places[:3])
    return ToolError(
        f"old_string is in {name} more than once: {where}. The file is unchanged. Add neighbouring lines to "
        f"old_string until it is unique, or set replace_all to change every one.\n{examples}"
    )
