"""Going back in the files of the session, for a host; the conversation stays. Must not know how states are kept."""

from __future__ import annotations

from coder.app.checkpointing import Checkpointing
from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields


async def rewind(session: Session, request: Json) -> Json:
    """To before the message with that id. With `dry_run` nothing is changed, and a no is an answer. What somebody else
    changed in between is left as it is, and named in `leftAlone`."""
    name, is_dry = fields.text(request, "user_message_id"), request.get("dry_run") is True
    try:
        return await _rewound(_checkpoints(session, is_dry=is_dry), name, is_dry=is_dry)
    except (CoderError, RequestError) as error:
        if is_dry:
            return {"canRewind": False, "error": str(error)}
        raise RequestError(str(error)) from error


def _checkpoints(session: Session, *, is_dry: bool) -> Checkpointing:
    if session.checkpoints is None or not session.checkpoints.enabled:
        raise RequestError(
            "no states of files are kept in this session: fileCheckpointingEnabled is off, or it is not saved"
        )
    if session.is_running and not is_dry:
        raise RequestError("a run is under way: go back when it has ended")
    return session.checkpoints


async def _rewound(checkpoints: Checkpointing, name: str, *, is_dry: bool) -> Json:
    preview = await checkpoints.preview(name)
    if preview.point.id != name:  # the beginning of an id is for people
        raise RequestError(f"there is no message {fields.shown(name)} in this session")
    left = [*preview.conflicts, *preview.left]
    alone = {each.path for each in left}
    answer: Json = {
        "canRewind": True,
        "filesChanged": [each.path for each in preview.touched],
        "insertions": sum(each.added for each in preview.touched),
        "deletions": sum(each.removed for each in preview.touched),
    }
    if not is_dry:
        done = await checkpoints.rewind(name, "files")
        answer["filesChanged"] = list(done.files)
        answer["skippedLinks"] = sum("link" in each.why for each in left)
        alone |= set(done.passed)
    if alone:
        answer["leftAlone"] = sorted(alone)
    return answer
