from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.core.config import ExtensionSettings
from coder.core.errors import CoderError, ConfigError
from coder.extensions import installing, updating
from coder.extensions.consent import changes
from coder.extensions.installing import staged
from coder.extensions.record import Record
from coder.extensions.starting import Ready, Refused, launches
from coder.extensions.store import Store
from coder.vault.vault import Vault
from tests.support.bundles import bundle, echoed

ANY = ExtensionSettings()
SECRET = "p$& ${HOME} $(id) \\ \"'\n%s {}"
KEY = {"type": "string", "title": "Key", "sensitive": True, "required": True}


class Home:
    """A config home, and what is done there as `coder extension` does it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {"HOME": str(root), "PATH": os.environ["PATH"], "CODER_KEYRING": "off"}
        self.home = root / ".coder"
        self.store = Store(self.home)
        self.vault = Vault(self.home, self.env)

    def bundle(self, **changes: Any) -> Path:
        return bundle(self.root / "echo.mcpb", **changes)

    def install(
        self, values: dict[str, Any] | None = None, settings: ExtensionSettings = ANY, **changes: Any
    ) -> Record:
        with staged(self.store, self.bundle(**changes), settings, self.env) as candidate:
            return installing.install(self.store, candidate, values or {}, self.vault, lambda *_: None)[0]

    def update(self, values: dict[str, Any] | None = None, **changes: Any) -> Record:
        old = self.store.found("echo")
        with staged(self.store, self.bundle(**changes), ANY, self.env) as candidate:
            return installing.update(self.store, candidate, old, values or {}, self.vault, lambda *_: None)[0]

    def ready(self) -> Ready:
        (only,) = launches(self.home, self.env)
        assert isinstance(only, Ready), only
        return only

    def refused(self, settings: ExtensionSettings = ANY) -> str:
        (only,) = launches(self.home, self.env, settings=settings)
        assert isinstance(only, Refused), only
        return only.reason

    def files(self) -> set[str]:
        found = (path.relative_to(self.home / "extensions") for path in (self.home / "extensions").rglob("*"))
        return {re.sub(r"^\.new-\w+", ".new", str(path)) for path in found}

    def main(self) -> Path:
        record = self.store.found("echo")
        return self.store.folder(record) / "server" / "main.py"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.behaviour("B-1722")
def test_what_is_installed_runs_with_its_settings_and_is_gone_after_removal(home: Home) -> None:
    fields = {"key": KEY, "dirs": {"type": "directory", "title": "D", "multiple": True}}
    home.install(
        {"key": SECRET, "dirs": ("/", "/usr")},
        user_config=fields,
        args=["${user_config.dirs}"],
        env={"KEY": "${user_config.key}"},
    )
    ready = home.ready()
    given = echoed(ready.command, ready.args, ready.env, ready.cwd)
    assert ready.name == "echo"
    assert given["args"] == ["/", "/usr"]
    assert given["env"]["KEY"] == SECRET
    updating.disable(home.store, "echo")
    assert launches(home.home, home.env) == ()
    updating.enable(home.store, "ECHO", ANY, home.store.found("echo"))
    assert home.ready().digest == ready.digest
    updating.remove(home.store, "echo", home.vault, keep_config=False)
    assert launches(home.home, home.env) == ()
    assert home.files() == set()
    assert home.vault.keys("extension echo") == ()


@pytest.mark.behaviour("B-1713")
def test_a_secret_stands_in_the_vault_alone(home: Home) -> None:
    secret = "canary-hunter2"
    home.install({"key": secret}, user_config={"key": KEY}, env={"KEY": "${user_config.key}"})
    ready = home.ready()
    assert ready.env["KEY"] == secret
    assert secret not in repr(ready) + ready.digest
    holders = [path for path in home.root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert holders == [home.home / "secrets.json"]
    assert holders[0].stat().st_mode & 0o777 == 0o600
    assert (home.home / "extensions/echo/extension.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.behaviour("B-1716")
@pytest.mark.parametrize(
    "change",
    [
        lambda main: main.write_text("print('other')"),
        lambda main: main.chmod(0o755),
        lambda main: main.unlink(),
        lambda main: (main.parent / "json.py").write_text(""),
        lambda main: (main.parent / "more").mkdir(),
        lambda main: (main.rename(main.with_name("real.py")), main.symlink_to("real.py")),
        lambda main: os.mkfifo(main.parent / "pipe"),
    ],
)
def test_files_that_were_changed_turn_it_off_until_it_is_installed_again(home: Home, change: Any) -> None:
    home.install()
    change(home.main())
    said = "its files were changed after it was installed. Install it again from its file"
    assert home.refused().startswith(said)
    record = home.store.found("echo")
    assert (record.enabled, record.reason) == (False, home.refused())
    with pytest.raises(ConfigError, match="is not what was installed"):
        updating.enable(home.store, "echo", ANY, record)
    home.update()
    ready = home.ready()
    assert echoed(ready.command, ready.args, ready.env, ready.cwd)["args"] == []
    assert home.store.found("echo").previous is None


@pytest.mark.behaviour("B-1716")
def test_a_change_that_keeps_size_and_time_is_found(home: Home) -> None:
    home.install()
    main = home.main()
    before = main.stat()
    main.write_text(main.read_text().replace("SERVER", "SERVEX").replace("echo", "ohce"))
    os.utime(main, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert main.stat().st_size == before.st_size
    assert "files were changed" in home.refused()


@pytest.mark.behaviour("B-1716")
def test_files_that_are_the_same_again_are_read_once_and_then_known(home: Home) -> None:
    home.install()
    first = home.store.found("echo").current.print
    main = home.main()
    text = main.read_text()
    main.unlink()
    main.write_text(text)
    main.chmod(0o644)
    home.ready()
    second = home.store.found("echo").current.print
    assert first != second
    home.ready()
    assert home.store.found("echo").current.print == second


@pytest.mark.behaviour("B-1718")
def test_an_update_keeps_settings_and_the_version_before(home: Home) -> None:
    fields = {"key": KEY, "port": {"type": "number", "title": "P"}}
    env = {"KEY": "${user_config.key}", "PORT": "${user_config.port}"}
    home.install({"key": "s", "port": 80}, user_config=fields, env=env)
    home.update(version="2.0.0", user_config=fields, env=env | {"V": "2"})
    assert home.ready().env.items() >= {"KEY": "s", "PORT": "80", "V": "2"}.items()
    updating.rollback(home.store, "echo", ANY)
    assert home.store.found("echo").current.version == "1.0.0"
    assert "V" not in home.ready().env
    updating.rollback(home.store, "echo", ANY)
    assert home.ready().env["V"] == "2"
    home.update(version="3.0.0")
    record = home.store.found("echo")
    assert record.previous is not None and record.previous.version == "2.0.0"
    assert {path for path in home.files() if path.count("/") == 1} == {
        "echo/2.0.0",
        "echo/3.0.0",
        "echo/extension.json",
    }


@pytest.mark.behaviour("B-1718")
def test_there_is_no_way_back_to_what_is_not_kept_or_was_changed(home: Home) -> None:
    home.install()
    with pytest.raises(ConfigError, match="no earlier version of echo is kept"):
        updating.rollback(home.store, "echo", ANY)
    old = home.main()
    home.update(version="2.0.0")
    old.write_text("")
    with pytest.raises(ConfigError, match=r"echo 1\.0\.0 is not what was installed"):
        updating.rollback(home.store, "echo", ANY)
    assert home.store.found("echo").current.version == "2.0.0"


def test_the_same_version_with_other_contents_has_a_folder_of_its_own(home: Home) -> None:
    home.install()
    home.update(description="Otherwise.")
    record = home.store.found("echo")
    assert record.current.folder == f"1.0.0-{record.current.archive[:8]}"
    home.ready()


@pytest.mark.behaviour("B-1719")
def test_settings_can_stay_when_it_is_removed(home: Home) -> None:
    fields = {"key": KEY, "name": {"type": "string", "title": "N"}}
    home.install({"key": "s", "name": "n"}, user_config=fields)
    updating.remove(home.store, "echo", home.vault, keep_config=True)
    assert home.files() == {"echo", "echo/extension.json"}
    assert launches(home.home, home.env) == ()
    with pytest.raises(ConfigError, match="only its configuration is kept"):
        home.store.found("echo")
    home.install(user_config=fields, env={"E": "${user_config.key}-${user_config.name}"})
    assert home.ready().env["E"] == "s-n"


@pytest.mark.behaviour("B-1719")
def test_what_was_kept_is_for_the_same_extension_alone(home: Home) -> None:
    home.install({"key": "s"}, user_config={"key": KEY}, name="Echo")
    with pytest.raises(ConfigError, match="the name echo is taken by another extension, Echo"):
        home.install(user_config={"key": KEY}, name="ECHO")
    updating.remove(home.store, "echo", home.vault, keep_config=True)
    record = home.install(user_config={"key": KEY | {"required": False}}, env={"K": "${user_config.key}"}, name="ECHO")
    assert (record.secrets, home.vault.keys("extension echo")) == ((), ())
    assert "K" not in home.ready().env


@pytest.mark.behaviour("B-1713")
def test_a_setting_that_becomes_a_secret_is_no_longer_written_down(home: Home) -> None:
    open_key = {"key": KEY | {"sensitive": False}}
    home.install({"key": "canary"}, user_config=open_key)
    record = home.update({"key": "canary"}, version="2.0.0", user_config={"key": KEY}, env={"K": "${user_config.key}"})
    assert (record.config, record.secrets) == ({}, ("key",))
    assert b"canary" not in (home.home / "extensions/echo/extension.json").read_bytes()
    assert home.ready().env["K"] == "canary"


@pytest.mark.behaviour("B-1712")
def test_one_without_a_needed_setting_does_not_start_and_says_how_to_give_it(home: Home) -> None:
    home.install(user_config={"key": KEY})
    assert home.refused() == "it has no value for key. Say coder extension config echo."
    record = home.store.found("echo")
    with_key = updating.configure(home.store, record, _manifest(home), {"key": "s"}, home.vault)[0]
    home.ready()
    updating.configure(home.store, with_key, _manifest(home), {}, home.vault, ["key"])
    assert "no value for key" in home.refused()
    assert home.vault.keys("extension echo") == ()


def _manifest(home: Home) -> Any:
    from coder.extensions.installed import manifest_of

    return manifest_of(home.store, home.store.found("echo"))


@pytest.mark.behaviour("B-1721")
def test_what_the_administrator_forbids_is_neither_installed_nor_started_nor_turned_on(home: Home) -> None:
    blocked = ExtensionSettings(blocked=({"name": "echo"},))
    with pytest.raises(ConfigError, match="echo cannot be installed: the administrator has blocked name echo"):
        home.install(settings=blocked)
    assert home.files() == set()
    record = home.install()
    assert home.refused(blocked).startswith("the administrator has blocked name echo.")
    with pytest.raises(ConfigError, match="cannot be turned on"):
        updating.enable(home.store, "echo", blocked, record)
    with pytest.raises(ConfigError, match="cannot be turned on"):
        home.update(version="2.0.0")
        updating.rollback(home.store, "echo", blocked)


@pytest.mark.behaviour("B-1717")
def test_what_an_update_does_otherwise_is_named(home: Home) -> None:
    old = home.install(env={"A": "1"}).current.consent
    with staged(home.store, home.bundle(version="2.0.0", env={"A": "2"}), ANY, home.env) as same:
        assert list(changes(old, same.consent)) == []
    other = home.bundle(
        args=["--all"],
        env={"B": "1"},
        tools=[{"name": "send"}],
        tools_generated=True,
        compatibility={"runtimes": {"python": ">=3.9"}},
    )
    with staged(home.store, other, ANY, home.env) as candidate:
        assert list(changes(old, candidate.consent)) == [
            "the command line: it was python ${__dirname}/server/main.py",
            "variables: new are B",
            "variables: no longer A",
            "programs it needs: new are python >=3.9",
            "programs it needs: no longer python",
            "tools: new are send",
            "tools: no longer echo",
            "tools: it may now make others when it runs",
        ]
        signed = replace(candidate.consent, publisher="Mia Ltd", signature="trusted")
    assert list(changes(signed, candidate.consent)) == ["the publisher: it was Mia Ltd, proved by a signature"]


def test_an_update_of_what_somebody_else_changed_meanwhile_is_refused(home: Home) -> None:
    home.install()
    old = home.store.found("echo")
    updating.disable(home.store, "echo")
    made = home.bundle(version="2.0.0")
    with (
        staged(home.store, made, ANY, home.env) as candidate,
        pytest.raises(ConfigError, match="changed by another process"),
    ):
        installing.update(home.store, candidate, old, {}, home.vault, lambda *_: None)
    assert home.store.found("echo").current.version == "1.0.0"
    with pytest.raises(ConfigError, match="installed already"):
        home.install()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"compatibility": {"platforms": ["win32"]}}, "is made for win32 only"),
        ({"name": "Claude Browser"}, "is reserved"),
        ({"server": {"type": "wasm", "entry_point": "a"}}, "type"),
        ({"args": ["${user_config.nothing}"]}, "nothing"),
    ],
)
def test_what_cannot_run_here_is_refused_and_leaves_nothing(home: Home, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CoderError, match=said):
        home.install(**changes)
    assert home.files() == set()


def test_a_name_is_made_fit_for_a_folder_and_a_server(home: Home) -> None:
    assert home.install(name="My __ Echo: v.2!").name == "my-_-echo-v-2"
    assert home.ready().name == "my-_-echo-v-2"


def test_where_none_is_nothing_is_made(home: Home) -> None:
    assert launches(home.home, home.env) == ()
    assert not home.home.exists()
    (home.home / "extensions").mkdir(parents=True)
    assert launches(home.home, home.env) == ()


@pytest.mark.behaviour("B-1724")
def test_where_none_is_nothing_is_loaded(tmp_path: Path) -> None:
    probe = (
        "import sys; from pathlib import Path; from coder.extensions.starting import launches;"
        "print(launches(Path(sys.argv[1]), {}), *(m for m in sys.modules if m[:9] in ('coder.ext', 'coder.vau')))"
    )
    said = subprocess.run(
        [sys.executable, "-c", probe, str(tmp_path)], capture_output=True, encoding="utf-8", check=True, timeout=60
    )
    assert said.stdout == "() coder.extensions coder.extensions.starting\n"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 2}', '{"format": 1, "name": 3}', "[" * 100_000])
def test_a_record_that_cannot_be_read_stops_that_one_alone_and_can_be_removed(home: Home, text: str) -> None:
    home.install()
    home.install(name="other")
    (home.home / "extensions/echo/extension.json").write_text(text)
    broken, fine = launches(home.home, home.env)
    assert isinstance(broken, Refused) and "coder extension remove echo" in broken.reason
    assert isinstance(fine, Ready)
    home.install(name="third")  # sweeps nothing of the broken one
    assert (home.home / "extensions/echo/1.0.0").is_dir()
    updating.remove(home.store, "echo", home.vault, keep_config=True)
    assert home.store.names() == ["other", "third"]


def test_a_record_names_no_folder_but_its_own(home: Home) -> None:
    home.install()
    path = home.home / "extensions/echo/extension.json"
    raw = json.loads(path.read_text())
    for folder in ("..", "../other", "", ".hidden"):
        path.write_text(json.dumps({**raw, "current": {**raw["current"], "folder": folder}}))
        assert "not as coder wrote it" in home.refused()
