"""What a person is asked to say yes to, and what of it another version changes. Must not know how it is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.extensions.launching import launch_of
from coder.extensions.record import Consent
from coder.extensions.runtimes import needs

if TYPE_CHECKING:
    from coder.extensions.manifest import Manifest
    from coder.extensions.signature import Signature
    from coder.extensions.user_config import Field, Value

PLACE = "${__dirname}"  # stands for the folder of the extension


def consent_of(
    manifest: Manifest, folder: Path, signature: Signature, env: Mapping[str, str], platform: str
) -> Consent:
    """Raises LaunchError when it cannot be started on this platform at all."""
    named = {field.key: named_value(field) for field in manifest.user_config}
    # Without PATH, so that a program stays its name: where it is on this machine is nothing that is consented to.
    launch = launch_of(manifest, folder, named, {"HOME": env.get("HOME", "")}, platform)
    command = "python" if launch.command == sys.executable else launch.command
    return Consent(
        kind=manifest.server.type,
        command=tuple(part.replace(str(folder), PLACE) for part in (command, *launch.args)),
        env=tuple(sorted(launch.env)),
        runtimes=tuple(f"{need.program} {need.range}".strip() for need in needs(manifest, platform)),
        tools=tuple(sorted({tool.name for tool in manifest.tools})),
        is_open=manifest.tools_generated,
        publisher=signature.publisher if signature.state == "trusted" else "",
        signature=signature.state,
    )


def changes(old: Consent, new: Consent) -> Iterator[str]:
    """What another version does otherwise than was said yes to, a line each. All in it is foreign."""
    if (old.kind, old.command) != (new.kind, new.command):
        yield f"the command line: it was {' '.join(old.command)}"
    yield from _differences("variables", old.env, new.env)
    yield from _differences("programs it needs", old.runtimes, new.runtimes)
    yield from _differences("tools", old.tools, new.tools)
    if new.is_open and not old.is_open:
        yield "tools: it may now make others when it runs"
    if (old.publisher, old.signature) != (new.publisher, new.signature):
        yield f"the publisher: it was {said_publisher(old)}"


def said_publisher(consent: Consent) -> str:
    """Who published it, as far as a signature proves it."""
    if consent.signature == "trusted":
        return f"{consent.publisher}, proved by a signature"
    if consent.signature == "untrusted":
        return "unknown: it is signed, but by nobody whom this system trusts"
    return "unknown: it is not signed"


def named_value(field: Field) -> Value:
    """What stands for a value that is not known, or not to be seen."""
    return (f"<{field.key}>",) if field.multiple else f"<{field.key}>"


def _differences(what: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[str]:
    if added := [each for each in new if each not in old]:
        yield f"{what}: new are {', '.join(added)}"
    if gone := [each for each in old if each not in new]:
        yield f"{what}: no longer {', '.join(gone)}"
