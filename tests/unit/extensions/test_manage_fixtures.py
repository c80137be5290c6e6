from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from coder.core.config import ExtensionSettings
from coder.core.errors import ConfigError
from coder.extensions import installing, locking, updating
from coder.extensions.installing import staged
from coder.extensions.packing import pack
from coder.extensions.starting import Ready, launches
from coder.extensions.store import Store
from coder.extensions.user_config import Value
from coder.vault.vault import Vault
from tests.support.bundles import called

FIXTURES = Path(__file__).resolve().parents[2] / "data" / "extensions"
SECRET = "p$& ${HOME} $(id) `id` \\ \"'\n%s {} é"


def shown(text: str) -> dict[str, str]:
    """What the server was given; it says each value in hexadecimal."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {key: ",".join(bytes.fromhex(each).decode() for each in value.split(",")) for key, _, value in pairs}


def without(program: str) -> bool:
    return shutil.which(program) is None


@pytest.mark.behaviour("B-1722")
@pytest.mark.parametrize(
    "kind",
    [
        "python",
        "binary",
        pytest.param("node", marks=pytest.mark.skipif(without("node"), reason="node is not installed")),
        pytest.param("uv", marks=[pytest.mark.online, pytest.mark.skipif(without("uv"), reason="uv is not installed")]),
    ],
)
def test_each_kind_is_packed_installed_run_twice_and_removed(kind: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CODER_KEYRING": "off"}
    store, vault = Store(home), Vault(home, env)
    packed = pack(FIXTURES / kind, tmp_path / "bundle")
    with staged(store, packed.path, ExtensionSettings(), env) as candidate:
        assert candidate.archive == packed.sha256
        values: dict[str, Value] = {"token": SECRET, "folders": ("/", "/usr"), "limit": 7}
        record, _ = installing.install(
            store, candidate, values, vault, lambda manifest, folder: locking.lock(manifest, folder, env)
        )
    for _ in range(2):  # what runs changes nothing of what is installed
        (ready,) = launches(home, env)
        assert isinstance(ready, Ready), ready
        given = {"PATH": env["PATH"], "HOME": env["HOME"], **ready.env}
        answer = called(ready.command, ready.args, given, ready.cwd, "show_config")
        assert shown(answer["content"][0]["text"]) == {"token": SECRET, "limit": "7", "loud": "false", "args": "/,/usr"}
    assert store.found(record.name).enabled
    beside = {record.current.folder, f".work-{record.current.folder}", "extension.json"}
    assert set(os.listdir(store.top / record.name)) <= beside  # or a sweep would take what it has made itself
    updating.remove(store, record.name, vault, keep_config=False)
    assert launches(home, env) == ()
    assert os.listdir(home / "extensions") == []


@pytest.mark.online
@pytest.mark.skipif(without("uv"), reason="uv is not installed")
def test_a_uv_extension_without_a_lock_gets_one_when_it_is_installed(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    folder = tmp_path / "uv"
    shutil.copytree(FIXTURES / "uv", folder, ignore=shutil.ignore_patterns("uv.lock"))
    store = Store(tmp_path / "home")
    with staged(store, pack(folder, tmp_path / "bundle").path, ExtensionSettings(), env) as candidate:
        locking.lock(candidate.manifest, candidate.folder, env)
        assert (candidate.folder / "uv.lock").read_text() == (FIXTURES / "uv" / "uv.lock").read_text()


def test_a_uv_extension_without_a_lock_needs_uv_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "uv"
    shutil.copytree(FIXTURES / "uv", folder, ignore=shutil.ignore_patterns("uv.lock"))
    store = Store(tmp_path / "home")
    with staged(store, pack(folder, tmp_path / "bundle").path, ExtensionSettings(), {}) as candidate:
        with pytest.raises(ConfigError, match=r"comes without uv\.lock, and uv, which makes it, is not in PATH"):
            locking.lock(candidate.manifest, candidate.folder, {"PATH": ""})
        fails = tmp_path / "bin" / "uv"
        fails.parent.mkdir()
        fails.write_text(
            f"#!{sys.executable}\nimport sys, os\nsys.exit('No \\x1b[2J solution ' + ' '.join(os.environ))"
        )
        fails.chmod(0o755)
        with pytest.raises(ConfigError, match=r"uv cannot fix its versions: No \\x1b\[2J solution") as said:
            locking.lock(candidate.manifest, candidate.folder, {"PATH": str(fails.parent), "MY_TOKEN": "s"})
        assert "MY_TOKEN" not in str(said.value)
        told = locking.fetch(candidate.manifest, candidate.folder, tmp_path / "venv", {"PATH": str(fails.parent)})
        assert told.startswith("its packages are not there yet; its first start will try again: No \\x1b[2J solution ")
        assert "UV_PROJECT_ENVIRONMENT" in told
