"""What a host says to the session: the `user` messages of its input as values. Pure; must not know sessions."""

from __future__ import annotations

from uuid import UUID, uuid4

from coder.core.dataclass import dataclass
from coder.core.messages import Block, Json, Text, block_from_api

_TAKEN = ("text", "image", "document")


class Unsayable(ValueError):
    """A message that cannot be sent to a model; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """`content` is as the host wrote it, `blocks` the same as values. `origin` is given back in the result, `queries`
    False: it waits for the next message. `is_synthetic`: no person wrote it, and a slash in it is no command.
    `is_verbatim`: it is put together from texts of others, so neither a slash nor an @ in it means anything.
    `problem` is why it cannot be sent, "" when it can."""

    uuid: str
    content: str | list[Json]
    blocks: tuple[Block, ...]
    origin: Json | None = None
    is_synthetic: bool = False
    queries: bool = True
    problem: str = ""
    is_verbatim: bool = False

    @property
    def text(self) -> str:
        return "\n\n".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def is_empty(self) -> bool:
        return all(isinstance(block, Text) and not block.text.strip() for block in self.blocks)

    @property
    def is_command(self) -> bool:
        """Whether it is a line for coder rather than for the model: such a one is never read along with a run."""
        return not (self.is_synthetic or self.is_verbatim) and self.text.lstrip().startswith("/")


def said_in(frame: Json) -> Said:
    """The message of a `user` frame; whatever is odd about it is its `problem`. Never raises."""
    message = frame.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    origin = frame.get("origin")
    is_human = isinstance(origin, dict) and origin.get("kind") == "human"  # no other is for a host to claim
    try:
        blocks, problem = _blocks(content), ""
    except Unsayable as error:
        blocks, problem = (), str(error)
    return Said(
        _uuid(frame.get("uuid")),
        content if isinstance(content, str | list) else "",
        blocks,
        {"kind": "human"} if is_human else None,
        frame.get("isSynthetic") is True,
        frame.get("shouldQuery") is not False,
        problem,
        frame.get("client_composed") is True,
    )


def _blocks(content: object) -> tuple[Block, ...]:
    if isinstance(content, str):
        return (Text(content),)
    if not isinstance(content, list):
        raise Unsayable("message.content must be a text or a list of blocks")
    for raw in content:
        kind = raw.get("type") if isinstance(raw, dict) else None
        if kind not in _TAKEN:
            raise Unsayable(f"a message of the host can hold {', '.join(_TAKEN)}; this one has {str(kind)[:60]!r}")
        if kind == "text" and not isinstance(raw.get("text"), str):
            raise Unsayable("a text block must have a text")
    return tuple(block_from_api(raw) for raw in content)


def _uuid(given: object) -> str:
    """The host's own id for it, as the transcript will have it; a new one where it gave none that could be one."""
    try:
        return str(UUID(given)) if isinstance(given, str) else str(uuid4())
    except ValueError:
        return str(uuid4())
