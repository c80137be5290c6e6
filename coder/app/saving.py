"""Writes the rules a person adds into settings files. Must not know why they were added."""

from __future__ import annotations

from pathlib import Path

from coder.config.paths import local_settings
from coder.config.trust import approve_rule
from coder.config.write import add_rule
from coder.core.config import Behaviour, Config


def save_rule(config: Config, path: Path, behaviour: Behaviour, text: str) -> bool:
    """Adds the rule to a settings file; False when it stood there. It is the person's own: in a folder that is not
    trusted it counts all the same, also where the folder's file had brought it, and nothing else does.

    Raises ConfigError; neither the file nor what is approved has changed then.
    """

    def write() -> bool:
        return add_rule(path, behaviour, text)

    if behaviour != "allow":
        return write()
    if path.is_relative_to(config.cwd):
        return approve_rule(config.home, config.cwd, str(path.relative_to(config.cwd)), text, write)
    if path == local_settings(config.cwd):  # of the main checkout
        base = path.parent.parent
        return approve_rule(config.home, base, str(path.relative_to(base)), text, write)
    return write()
