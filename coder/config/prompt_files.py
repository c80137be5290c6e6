"""The prompts that flags give as text or as files. Must not know what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from coder.config.flags import Flags
from coder.config.paths import expand
from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line

MOST = 1024 * 1024  # bytes


def with_prompts_read(flags: Flags, env: Mapping[str, str], cwd: Path) -> Flags:
    """The flags with their prompt files read into the prompts. Raises ConfigError that names flag and file."""
    if flags.system_prompt_file is None and flags.append_system_prompt_file is None:
        return flags
    own, appended = flags.system_prompt, flags.append_system_prompt
    if flags.system_prompt_file is not None:
        if own is not None:
            raise ConfigError("--system-prompt and --system-prompt-file say the same thing twice. Give one of them.")
        own = _read("--system-prompt-file", flags.system_prompt_file, env, cwd)
    if flags.append_system_prompt_file is not None:
        more = _read("--append-system-prompt-file", flags.append_system_prompt_file, env, cwd)
        appended = "\n\n".join(text for text in (appended, more) if text.strip())
    return replace(
        flags,
        system_prompt=own,
        append_system_prompt=appended,
        system_prompt_file=None,
        append_system_prompt_file=None,
    )


def _read(flag: str, name: str, env: Mapping[str, str], cwd: Path) -> str:
    path = expand(name, env, cwd)
    shown = visible_line(str(path))
    try:
        data = read_ordinary(path, MOST + 1)
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "no file has such a name"
        raise ConfigError(f"{flag}: {shown} cannot be read ({why}). Give a text file.") from error
    if len(data) > MOST:
        raise ConfigError(f"{flag}: {shown} is larger than 1 MiB. Give a shorter prompt.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").strip("\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{flag}: {shown}, line {line}, is not UTF-8. Save the file as UTF-8.") from error
