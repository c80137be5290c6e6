"""Against the reference: its packer, its checker, its signatures, its examples; and the extension that uv runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coder.extensions.content import digest_of
from coder.extensions.launching import launch_of
from coder.extensions.manifest import Manifest, read_manifest
from coder.extensions.runtimes import check_runtimes, needs
from coder.extensions.signature import signature_of
from coder.extensions.unpack import unpack
from tests.support.echo_bundles import ECHOES, KINDS, Config, converse, packed, shown_config

pytestmark = pytest.mark.online
PACKER = "@anthropic-ai/mcpb@2.1.2"
SOURCE = "https://github.com/modelcontextprotocol/mcpb"
EXAMPLES = ("chrome-applescript", "file-manager-python", "file-system-node", "hello-world-node", "hello-world-uv")


def sh(*argv: str | Path, cwd: Path | None = None, fails: bool = False) -> str:
    done = subprocess.run(
        argv, cwd=cwd, capture_output=True, text=True, timeout=170, check=False, stdin=subprocess.DEVNULL
    )
    assert fails or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def mcpb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference tool."""
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    folder = tmp_path_factory.mktemp("npm")
    sh("npm", "install", "--silent", "--prefix", folder, PACKER)
    return folder / "node_modules" / ".bin" / "mcpb"


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the reference's examples: a folder named by MCPB_EXAMPLES, or a clone."""
    if given := os.environ.get("MCPB_EXAMPLES"):
        return Path(given)
    folder = tmp_path_factory.mktemp("clone") / "mcpb"
    try:
        sh("git", "clone", "--quiet", "--depth", "1", SOURCE, folder)
    except AssertionError as error:
        pytest.skip(f"no examples: {str(error)[:200]}")
    return folder / "examples"


def repaired(manifest: dict[str, Any]) -> dict[str, Any]:
    """An example's manifest as the reference's own checker takes it, which refuses four of the five as they are."""
    kept = {
        key: value for key, value in manifest.items() if key not in ("scripts", "id", "privacy_policies", "$schema")
    }
    start = {"command": "uv", "args": ["run", "--project", "${__dirname}", "${__dirname}/src/server.py"]}
    kept["server"] = {"mcp_config": start} | kept["server"]
    return kept


def unpacked(archive: Path, folder: Path) -> Manifest:
    unpack(archive, folder)
    return read_manifest((folder / "manifest.json").read_bytes(), archive.name)


@pytest.mark.behaviour("B-1697")
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_reference_is_read_and_unpacked(
    name: str, mcpb: Path, examples: Path, tmp_path: Path
) -> None:
    source = tmp_path / name
    shutil.copytree(examples / name, source)
    manifest = source / "manifest.json"
    as_it_is = read_manifest(manifest.read_bytes(), name)
    manifest.write_text(json.dumps(repaired(json.loads(manifest.read_bytes()))), encoding="utf-8")
    if name == "hello-world-node":
        sh("npm", "install", "--silent", "--omit=dev", cwd=source)
    sh(mcpb, "pack", source, tmp_path / "x.mcpb")
    found = unpacked(tmp_path / "x.mcpb", tmp_path / "store")
    assert (found.name, found.version, found.user_config) == (as_it_is.name, as_it_is.version, as_it_is.user_config)
    assert signature_of(tmp_path / "x.mcpb").state == "unsigned"
    env = os.environ | {"HOME": "/home/ann"}
    values = {"allowed_directories": ("/a", "/b")} if name == "file-system-node" else {}
    launch = launch_of(found, tmp_path / "store", values, env, sys.platform)
    assert "${" not in " ".join([launch.command, *launch.args, *launch.env.values()])
    if name == "hello-world-node":
        assert not [runtime.problem for runtime in check_runtimes(needs(found), os.environ) if runtime.problem]
        (listed,) = converse(launch, ("tools/list", {}))
        assert [tool["name"] for tool in listed["result"]["tools"]] == ["get_current_time"]


@pytest.mark.behaviour("B-1697")
@pytest.mark.parametrize("kind", KINDS)
def test_what_we_pack_passes_the_reference_and_its_signature_is_understood(
    kind: str, mcpb: Path, tmp_path: Path
) -> None:
    archive = packed(kind, tmp_path)
    sh(mcpb, "validate", ECHOES / kind / "manifest.json")
    sh(mcpb, "unpack", archive, tmp_path / "theirs")
    unpack(archive, tmp_path / "ours")
    assert digest_of(tmp_path / "theirs") == digest_of(tmp_path / "ours")
    sh(mcpb, "sign", "--self-signed", archive, cwd=tmp_path)
    found = signature_of(archive)
    assert found.state == "untrusted" and "signed by itself" in found.reason
    again = unpack(archive, tmp_path / "signed")
    assert again.files and digest_of(tmp_path / "signed") == digest_of(tmp_path / "ours")
    data = bytearray(archive.read_bytes())
    data[100] ^= 1
    archive.write_bytes(data)
    assert signature_of(archive).state == "broken"


@pytest.mark.behaviour("B-1692")
def test_the_extension_that_uv_runs_stays_as_it_is_and_shows_its_configuration(tmp_path: Path) -> None:
    if not shutil.which("uv"):
        sh(sys.executable, "-m", "venv", tmp_path / "venv")
        sh(tmp_path / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "uv")
    env = os.environ | {"PATH": f"{tmp_path / 'venv' / 'bin'}:{os.environ['PATH']}"}
    folder = tmp_path / "store" / "1.0.0"
    manifest = unpacked(packed("uv", tmp_path), folder)
    before = digest_of(folder)
    launch = launch_of(manifest, folder, {"token": "a$b"}, env, sys.platform, venv=tmp_path / "made-by-uv")
    assert shown_config(launch) == Config("a$b", "10", "false", ())
    assert digest_of(folder) == before and (tmp_path / "made-by-uv").is_dir()
