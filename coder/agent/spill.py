"""Bounds what a tool result may cost: long text is cut in the middle, the whole kept in a file the model can read."""

from __future__ import annotations

from pathlib import Path

from coder.core.messages import Document, Image, Text
from coder.core.private import made_private

LIMIT = 90_000  # characters, about 25,000 tokens


def bound(
    content: str | tuple[Text | Image | Document, ...], folder: Path, name: str, limit: int = LIMIT
) -> tuple[Text | Image | Document, ...]:
    """The content as blocks, each text at most `limit` characters. Writes the whole text to `folder` when it cuts.

    Never raises: when the file cannot be written the cut says so.
    """
    blocks = (Text(content),) if isinstance(content, str) else content
    return tuple(_bound_text(b, folder, name, limit) if isinstance(b, Text) else b for b in blocks)


def shortened(text: str, folder: Path, name: str, limit: int) -> str | None:
    """The two ends of a text, at most `limit` characters, and where the whole is kept; None when it cannot be kept."""
    try:
        return _ends(text, limit, _kept(text, folder, name))
    except OSError:
        return None


def _bound_text(block: Text, folder: Path, name: str, limit: int) -> Text:
    if len(block.text) <= limit:
        return block
    try:
        where = _kept(block.text, folder, name)
    except OSError as error:
        where = f"the rest is lost: {error}"
    return Text(_ends(block.text, limit, where))


def _kept(text: str, folder: Path, name: str) -> str:
    """Writes the text for its owner alone and says where. Raises OSError."""
    path = folder / f"{name}.txt"
    made_private(folder)
    path.write_text(text, encoding="utf-8", errors="replace")
    path.chmod(0o600)
    return f"the whole is in {path}; read parts of it with Read (offset, limit) or Grep"


def _ends(text: str, limit: int, where: str) -> str:
    head, tail = text[: limit // 4], text[-(limit - limit // 4) :]
    omitted = len(text) - len(head) - len(tail)
    return f"{head}\n\n[{omitted} of {len(text)} characters left out here; {where}]\n\n{tail}"
