"""NotebookEdit: changes one cell of a Jupyter notebook. Must not touch the text of any other."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.tools import ToolContext, ToolOutput, Writes
from coder.core.workspace import Workspace
from coder.tools import files
from coder.tools.ledger import FileLedger
from coder.tools.textfile import TextFile, encode

if TYPE_CHECKING:
    from coder.tools import change, ipynb
    from coder.tools.change import Current
    from coder.tools.ipynb import Notebook
else:
    change = LazyModule("coder.tools.change")
    ipynb = LazyModule("coder.tools.ipynb")


@dataclass(frozen=True, slots=True)
class NotebookEditParams:
    notebook_path: Annotated[str, "Absolute path of the .ipynb file"]
    new_source: Annotated[str, "The cell's new source; empty for delete"]
    cell_id: Annotated[str | None, "The cell; for insert, the cell to insert after (absent: at the top)"] = None
    cell_type: Annotated[Literal["code", "markdown"] | None, "Needed for insert; absent: unchanged"] = None
    edit_mode: Literal["replace", "insert", "delete"] = "replace"


class NotebookEdit:
    name = "NotebookEdit"
    params = NotebookEditParams

    def __init__(self, ledger: FileLedger) -> None:
        self._ledger = ledger

    def access(self, params: NotebookEditParams, workspace: Workspace) -> Writes:
        return Writes((files.target(params.notebook_path, workspace),))

    def summary(self, params: NotebookEditParams) -> str:
        return params.notebook_path

    async def run(self, params: NotebookEditParams, context: ToolContext) -> ToolOutput:
        path = files.absolute(params.notebook_path, context.workspace, "notebook_path")
        if path.suffix != ".ipynb":
            raise ToolError(
                f"`notebook_path` is {params.notebook_path!r}; expected an .ipynb file. Use Edit for others."
            )
        found = await files.probe(path, context)
        if found is None:
            raise await asyncio.to_thread(files.missing, path, context.workspace)
        now = await change.current(path, found, context, self._ledger, "NotebookEdit")
        if now.is_stale:
            raise ToolError(f"{files.shown(path)} is not what you read. Nothing was changed. Read it again.")
        try:
            notebook = await asyncio.to_thread(ipynb.Notebook.of, now.file.text)
        except (ValueError, RecursionError) as error:
            raise ToolError(f"{files.shown(path)} is no valid notebook ({error}). Nothing was changed.") from error
        made = _made(notebook, params)
        data = now.file.encoding.bom + encode(made.text, now.file.encoding)
        await files.save(path, data, context)
        self._ledger.mark_written(path, data, whole=now.seen.whole)
        return _output(params, path, now, notebook, made)


@dataclass(frozen=True, slots=True)
class _Made:
    text: str
    cell_id: str
    cell_type: str
    old_source: str | None = None


def _made(notebook: Notebook, params: NotebookEditParams) -> _Made:
    if params.edit_mode == "insert":
        return _inserted(notebook, params)
    index = _index(notebook, params.cell_id)
    cell = notebook.cells[index]
    old, cell_id, old_type = ipynb.source_of(cell), notebook.id_of(index), str(cell.get("cell_type", "code"))
    if params.edit_mode == "delete":
        return _Made(notebook.deleted(index), cell_id, old_type, old)
    kind = params.cell_type or old_type
    changed: Json = {**cell, "cell_type": kind, "source": notebook.source_form(params.new_source, cell)}
    if kind == "code":
        changed.update(execution_count=None, outputs=[])  # what it printed belongs to the old source
    else:
        changed = {key: value for key, value in changed.items() if key not in ("execution_count", "outputs")}
    return _Made(notebook.replaced(index, changed), cell_id, kind, old)


def _inserted(notebook: Notebook, params: NotebookEditParams) -> _Made:
    if params.cell_type is None:
        raise ToolError('`cell_type` is required for insert, got nothing; expected "code" or "markdown".')
    index = 0 if params.cell_id is None else _index(notebook, params.cell_id) + 1
    like = notebook.cells[0] if notebook.cells else None
    cell_id = os.urandom(4).hex() if notebook.has_ids else f"cell-{index}"
    cell: Json = {"cell_type": params.cell_type}
    if params.cell_type == "code":
        cell["execution_count"] = None
    if notebook.has_ids:
        cell["id"] = cell_id
    cell["metadata"] = {}
    if params.cell_type == "code":
        cell["outputs"] = []
    cell["source"] = notebook.source_form(params.new_source, like)
    return _Made(notebook.inserted(index, cell), cell_id, params.cell_type)


def _index(notebook: Notebook, cell_id: str | None) -> int:
    index = None if cell_id is None else notebook.index_of(cell_id)
    if index is None:
        ids = [notebook.id_of(i) for i in range(len(notebook.cells))]
        known = ", ".join(ids[:30]) + (" ..." if len(ids) > 30 else "")
        raise ToolError(f"`cell_id` is {cell_id!r}; expected one of: {known or 'none, the notebook has no cells'}.")
    return index


def _output(params: NotebookEditParams, path: Path, now: Current, notebook: Notebook, made: _Made) -> ToolOutput:
    verb = {"replace": "Replaced", "insert": "Inserted", "delete": "Deleted"}[params.edit_mode]
    data: Json = {
        "new_source": params.new_source,
        "cell_id": made.cell_id,
        "cell_type": made.cell_type,
        "language": notebook.language,
        "edit_mode": params.edit_mode,
        "notebook_path": files.shown(path),
        "original_file": change.original(now.file),
        "updated_file": change.original(TextFile(b"", now.file.encoding, made.text)),
    }
    if made.old_source is not None:
        data["old_source"] = made.old_source
    note = " Its outputs were cleared." if params.edit_mode == "replace" and made.cell_type == "code" else ""
    text = f"{verb} {made.cell_type} cell {made.cell_id} of {files.shown(path)}.{note}"
    return ToolOutput(text, data, f"{verb.lower()} {made.cell_id}")
