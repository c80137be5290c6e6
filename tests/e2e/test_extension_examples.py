"""The reference's five examples, packed by its own packer: installed, a tool of each called, removed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from coder.core.config import ExtensionSettings
from coder.extensions import installing, locking, updating
from coder.extensions.installing import staged
from coder.extensions.starting import Ready, launches
from coder.extensions.store import Store
from coder.vault.vault import Vault
from tests.e2e.test_bundle_reference import examples, mcpb, repaired, sh  # noqa: F401  # fixtures, asked for by name
from tests.support.bundles import called

pytestmark = pytest.mark.online


@dataclass(frozen=True)
class Example:
    """`prepare` gets its libraries in, as its maker would before packing."""

    prepare: Callable[[Path], object]
    tool: str
    says: str
    arguments: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    platform: str = sys.platform


def node(folder: Path) -> None:
    wanted = () if (folder / "package.json").exists() else ("@modelcontextprotocol/sdk@1",)
    if wanted:  # the example has its lock file alone
        (folder / "package.json").write_text('{"type": "module"}')
    sh("npm", "install", "--silent", "--omit=dev", *wanted, cwd=folder)


def python(folder: Path) -> None:
    lib = folder / "server" / "lib"
    sh(sys.executable, "-m", "pip", "install", "--quiet", "--target", lib, "mcp<2", "trio>=0.22.0")


def uv(folder: Path) -> None:
    """It was written for the first library of that name."""
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace('"mcp>=1.0.0"', '"mcp>=1.0.0,<2"'))


EXAMPLES = {
    "hello-world-node": Example(node, "get_current_time", "time", values={"api_key": "s", "max_results": 5}),
    "file-system-node": Example(
        node, "list_allowed_directories", "/usr/share", values={"allowed_directories": ("/usr/share",)}
    ),
    "file-manager-python": Example(
        python, "list_files", "doc", {"path": "/usr/share"}, {"workspace_directory": "/usr/share"}
    ),
    "hello-world-uv": Example(uv, "say_hello", "Hello, Mia!", {"name": "Mia"}),
    # It asks a program that only that platform has: here it is started, and says that it has not got it.
    "chrome-applescript": Example(node, "list_tabs", "Chrome is not available", platform="darwin"),
}


@pytest.mark.behaviour("B-1725")
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_reference_is_installed_used_and_removed(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    example = EXAMPLES[name]
    if name == "hello-world-uv" and not shutil.which("uv"):
        pytest.skip("no uv here")
    source = tmp_path / name
    shutil.copytree(request.getfixturevalue("examples") / name, source)
    manifest = source / "manifest.json"
    manifest.write_text(json.dumps(repaired(json.loads(manifest.read_bytes()))), encoding="utf-8")
    example.prepare(source)
    sh(request.getfixturevalue("mcpb"), "pack", source, tmp_path / "x.mcpb")
    home = tmp_path / "home"
    env = os.environ | {"HOME": str(tmp_path), "CODER_KEYRING": "off"}
    store, vault = Store(home), Vault(home, env)
    with staged(store, tmp_path / "x.mcpb", ExtensionSettings(), env, example.platform) as candidate:
        record, _ = installing.install(
            store, candidate, example.values, vault, lambda manifest, folder: locking.lock(manifest, folder, env)
        )
    folder, venv = store.folder(record), store.work(record)
    assert locking.fetch(candidate.manifest, folder, venv, env) == ""
    for _ in range(2):  # what it did the first time has not changed it
        (ready,) = launches(home, env, example.platform)
        assert isinstance(ready, Ready), ready
        given = {name: env[name] for name in ("PATH", "HOME")} | dict(ready.env)
        answer = called(ready.command, ready.args, given, ready.cwd, example.tool, example.arguments)
        assert example.says in json.dumps(answer)
    updating.remove(store, record.name, vault, keep_config=False)
    assert launches(home, env) == () and os.listdir(home / "extensions") == []
