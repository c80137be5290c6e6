"""What a person is asked to say yes to, and what of it another version changes. Must not know how it is shown or kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.extensions.launching import launch_of, needs
from coder.extensions.record import Consent

if TYPE_CHECKING:
    from coder.extensions.launch import Launch
    from coder.extensions.manifest import Manifest
    from coder.extensions.signature import Signature
    from coder.extensions.user_config import Field, Value

PLACE = "${__dirname}"  # stands for the folder of the extension


def preview(
    manifest: Manifest, folder: Path, values: Mapping[str, Value], env: Mapping[str, str], platform: str
) -> Launch:
    """The command line for people: a secret, and what is not known yet, stands there as the name of its setting.

    Raises LaunchError."""
    shown = {field.key: _shown(field, values) for field in manifest.user_config}
    return launch_of(manifest, folder, shown, env, platform)


def consent_of(
    manifest: Manifest, folder: Path, signature: Signature, env: Mapping[str, str], platform: str
) -> Consent:
    """Raises LaunchError when it cannot be started here at all."""
    launch = preview(manifest, folder, {}, env, platform)
    return Consent(
        kind=manifest.server.type,
        command=tuple(part.replace(str(folder), PLACE) for part in (launch.command, *launch.args)),
        env=tuple(sorted(launch.env)),
        runtimes=tuple(f"{need.program} {need.range}".strip() for need in needs(manifest)),
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


def _shown(field: Field, values: Mapping[str, Value]) -> Value:
    name = f"<{field.key}>"
    value = name if field.sensitive else values.get(field.key, field.default)
    if value is None or value == ():
        value = name
    if field.multiple:
        return value if isinstance(value, tuple) else (value,)
    return value


def _differences(what: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[str]:
    if added := [each for each in new if each not in old]:
        yield f"{what}: new are {', '.join(added)}"
    if gone := [each for each in old if each not in new]:
        yield f"{what}: no longer {', '.join(gone)}"
