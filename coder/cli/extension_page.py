"""The pages of `coder extension`, as text and as JSON. All in a bundle is foreign. Must not know installing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from coder.core.visible import visible_line
from coder.extensions.consent import PLACE, said_publisher
from coder.extensions.versions import satisfies
from coder.frontends.policy.text import labelled, visible, wrapped

if TYPE_CHECKING:
    from coder.core.messages import Json
    from coder.extensions.installing import Candidate
    from coder.extensions.launch import Launch
    from coder.extensions.manifest import Manifest
    from coder.extensions.record import Consent, Record
    from coder.extensions.runtimes import Runtime
    from coder.extensions.user_config import Field, Value

_MOST = 400  # characters of a text
_MOST_COMMAND = 4000
_MOST_NAMES = 100
_MOST_NAME = 120
_MOST_OF_NAMES = 1500
_KIB = 1024
POWER = (
    "It runs as you, outside the permission gate: it can read, change and send whatever you can. Its tools are asked "
    "about like any other."
)
_HIDDEN = "(set; it is a secret)"


def consent_lines(candidate: Candidate, launch: Launch, runtimes: Sequence[Runtime]) -> Iterator[str]:
    """All a person must know before it is there."""
    manifest, consent = candidate.manifest, candidate.consent
    yield from _head(manifest)
    name = candidate.name if candidate.name == manifest.name else f"{candidate.name}, for {_cut(manifest.name)}"
    yield from labelled("Name", name)
    yield from labelled("Author", f"{_cut(manifest.author.name)}, as the file says")
    yield from labelled("Publisher", _cut(said_publisher(consent)))
    yield from labelled("SHA-256", candidate.archive)
    yield from labelled("Contents", f"{candidate.files:,} files, {_size(candidate.size)}")
    yield from labelled("Runs", command_line(launch).replace(str(candidate.folder), PLACE))
    yield from labelled("Variables", _names(consent.env) or "none")
    yield from labelled("Needs", _needs(runtimes))
    yield from labelled("Made for", _names(manifest.compatibility.platforms) or "all systems")
    yield from _asked(manifest.user_config)
    yield from labelled("Tools", _tools(consent))
    for warning in _warnings(candidate, launch, runtimes):
        yield from wrapped(warning, "! ", "  ")
    yield ""
    yield from wrapped(POWER)


def _head(manifest: Manifest) -> Iterator[str]:
    """None of its words begins a row: it could pass for one of ours."""
    yield from labelled("Extension", f"{_cut(manifest.display_name)} {_cut(manifest.version)}")
    yield from labelled("It says", _cut(manifest.description))
    yield ""


def change_lines(record: Record, candidate: Candidate, changes: Sequence[str]) -> Iterator[str]:
    """What an update does to what was said yes to."""
    old, new = visible_line(record.current.version), visible_line(candidate.manifest.version)
    what = "the same version once more" if record.current.archive == candidate.archive else f"{old} → {new}"
    if satisfies(candidate.manifest.version, f"<{record.current.version}"):
        what += ", which is older"
    if not changes:
        yield from wrapped(f"{record.name}: {what}. Nothing that you said yes to changes.")
        yield from labelled("SHA-256", candidate.archive)
        return
    yield from wrapped(f"{record.name}: {what}. Not as you said yes to it:")
    for change in changes:
        yield from wrapped(_cut(change, _MOST_COMMAND), "  ", "    ")


def kept_lines(record: Record) -> Iterator[str]:
    """What an extension gets that was kept when it was removed."""
    secret = [f"{visible_line(key)} (a secret)" for key in record.secrets]
    if names := ", ".join([*map(visible_line, record.config), *secret]):
        yield from wrapped(f"It gets the settings that were kept from before: {names}.", "! ", "  ")


def list_lines(rows: Sequence[Record | str]) -> Iterator[str]:
    """A text is the problem of one whose record cannot be read."""
    if not rows:
        yield "No extension is installed. To install one: coder extension install FILE"
    for row in rows:
        if isinstance(row, str):
            yield from wrapped(visible_line(row), "! ", "  ")
            continue
        yield from labelled(row.name, f"{visible_line(row.current.version)}  {_state(row)}")
        if row.reason:
            yield from wrapped(visible_line(row.reason), "  ! ", "    ")


def show_lines(record: Record, manifest: Manifest, launch: Launch) -> Iterator[str]:
    consent = record.current.consent
    yield from _head(manifest)
    yield from labelled("State", _state(record))
    if record.reason:
        yield from wrapped(visible_line(record.reason), "! ", "  ")
    yield from labelled("Author", f"{_cut(manifest.author.name)}, as the file says")
    yield from labelled("Publisher", _cut(said_publisher(consent)))
    yield from labelled("SHA-256", record.current.archive)
    yield from labelled("Folder", visible_line(str(launch.cwd)))
    yield from labelled("Runs", command_line(launch))
    yield from labelled("Variables", _names(consent.env) or "none")
    yield from labelled("Tools", _tools(consent))
    if record.offered is not None:
        yield from labelled("Offered", _names(record.offered) or "none, when it last ran")
    if record.waiting:
        yield from labelled("Held back", _names(record.waiting))
        yield from wrapped(
            f"Nobody has said yes to those tools. To do so: coder extension enable {record.name}", "! ", "  "
        )
    if record.previous is not None:
        back = f"{visible_line(record.previous.version)}: coder extension rollback {record.name}"
        yield from labelled("Before", back)
    yield from config_lines(record, manifest.user_config)


def config_lines(record: Record, fields: Sequence[Field]) -> Iterator[str]:
    """What it is configured with; of a secret only that it is set."""
    for number, field in enumerate(fields):
        if not number:
            yield "Settings"
        yield from wrapped(f"{visible_line(field.key)}: {setting(record, field)}", "  ", "    ")


def setting(record: Record, field: Field) -> str:
    if field.sensitive:
        return _HIDDEN if field.key in record.secrets else "not set"
    if field.key in record.config:
        return said(record.config[field.key])
    return "not set" if field.default in (None, "", ()) else f"{said(field.default)} (its own choice)"


def said(value: Value | None) -> str:
    match value:
        case tuple():
            return ", ".join(said(each) for each in value)
        case bool():
            return str(value).lower()
        case _:
            return _cut(str(value))


def as_json(record: Record) -> Json:
    current, consent = record.current, record.current.consent
    return {
        "name": record.name,
        "title": record.title,
        "version": current.version,
        "enabled": record.enabled,
        "reason": record.reason,
        "author": current.author,
        "publisher": consent.publisher,
        "signature": consent.signature,
        "sha256": current.archive,
        "command": list(consent.command),
        "env": list(consent.env),
        "tools": list(consent.tools),
        "tools_generated": consent.is_open,
        "offered": None if record.offered is None else list(record.offered),
        "held_back": list(record.waiting),
        "previous": record.previous.version if record.previous is not None else None,
        "config": _plain(record.config),
        "secrets": list(record.secrets),
    }


def command_line(launch: Launch) -> str:
    """As a shell would have it, so that it is plain where an argument ends."""
    text = visible(shlex.join((launch.command, *launch.args)))  # a line end is no blank here
    return text if len(text) <= _MOST_COMMAND else f"{text[:_MOST_COMMAND]} [{len(text) - _MOST_COMMAND} more]"


def _plain(config: Mapping[str, Value]) -> Json:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in config.items()}


def _state(record: Record) -> str:
    if not record.enabled:
        return "off"
    return "on, some tools held back" if record.waiting else "on"


def _asked(fields: Sequence[Field]) -> Iterator[str]:
    if fields:
        marks = [f"{field.key}{' (a secret)' if field.sensitive else ''}" for field in fields]
        yield from labelled("Asks for", _names(marks))


def _needs(runtimes: Sequence[Runtime]) -> str:
    texts = []
    for runtime in runtimes:
        wanted = f"{_cut(runtime.need.program)} {_cut(runtime.need.range)}".strip()
        there = f"{runtime.version or runtime.path} is there" if runtime.path else "which is not there"
        texts.append(f"{wanted}: {visible_line(there)}" if runtime.path else f"{wanted}, {there}")
    return "; ".join(texts) or "nothing else"


def _tools(consent: Consent) -> str:
    if not consent.tools:
        return "it may make any when it runs" if consent.is_open else "it does not say; those of its first start count"
    return _names(consent.tools) + (", and it may make others when it runs" if consent.is_open else "")


def _warnings(candidate: Candidate, launch: Launch, runtimes: Sequence[Runtime]) -> Iterator[str]:
    if launch.secrets_in_args:
        yield "It puts a secret into its command line, where every program on this machine can read it."
    for runtime in runtimes:
        if problem := runtime.problem or runtime.doubt:
            yield visible_line(problem)
    if candidate.signature.state == "untrusted" and candidate.signature.reason:
        yield visible_line(f"Of its signature: {candidate.signature.reason}")
    yield from map(visible_line, candidate.manifest.warnings[:20])


def _names(names: Sequence[str]) -> str:
    """Bounded also in all: what matters must not be pushed off the screen."""
    shown: list[str] = []
    for name in names[:_MOST_NAMES]:
        shown.append(_cut(name, _MOST_NAME))
        if sum(map(len, shown)) > _MOST_OF_NAMES:
            break
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def _cut(text: str, most: int = _MOST) -> str:
    text = visible_line(text)
    return text if len(text) <= most else f"{text[:most]} [{len(text) - most} more characters]"


def _size(count: int) -> str:
    if count < _KIB:
        return f"{count} bytes"
    return f"{count / _KIB:,.0f} KiB" if count < _KIB**2 else f"{count / _KIB**2:,.1f} MiB"
