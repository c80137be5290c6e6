"""Extensions installed as `coder extension` does it, without a process for each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from coder.core.config import ExtensionSettings
from coder.extensions import installing, updating
from coder.extensions.installed import manifest_of
from coder.extensions.installing import staged
from coder.extensions.manifest import Manifest
from coder.extensions.record import Record
from coder.extensions.store import Store
from coder.vault.vault import Vault

_ANY = ExtensionSettings()


class Installs:
    """`root` is the person's home folder."""

    def __init__(self, root: Path) -> None:
        self.env = {"HOME": str(root), "PATH": os.environ["PATH"], "CODER_KEYRING": "off"}
        self.home = root / ".coder"
        self.store = Store(self.home)
        self.vault = Vault(self.home, self.env)

    def install(self, file: Path, **values: Any) -> Record:
        with staged(self.store, file, _ANY, self.env) as candidate:
            return installing.install(self.store, candidate, values, self.vault, lambda *_: None)[0]

    def manifest(self, record: Record) -> Manifest:
        return manifest_of(self.store, record)

    def update(self, name: str, file: Path, **values: Any) -> Record:
        old = self.store.found(name)
        with staged(self.store, file, _ANY, self.env) as candidate:
            return installing.update(self.store, candidate, old, values, self.vault, lambda *_: None)[0]

    def enable(self, name: str) -> Record:
        """With a yes to the tools that wait for one."""
        return updating.enable(self.store, name, _ANY, self.store.found(name))

    def remove(self, name: str) -> None:
        updating.remove(self.store, name, self.vault, keep_config=False)
