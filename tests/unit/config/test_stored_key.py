from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from coder.config import stored_key
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.stored_key import Stored
from coder.core.config import Config
from coder.core.errors import ConfigError

KEY = "sk-ant-api03-never-to-be-shown-x7Qa"
HOME_URL = "https://api.anthropic.com"


def loaded(folder: Path, settings: str = "{}", **env: str) -> Config:
    flags = Flags(settings=settings, setting_sources="")
    return load(flags, {"HOME": str(folder), "PATH": "/usr/bin:/bin", **env}, folder, managed=folder / "etc")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.behaviour("B-920")
def test_the_file_is_private_even_where_another_stood(tmp_path: Path) -> None:
    home = tmp_path / ".coder"
    path = stored_key.keep(home, Stored(api_key=KEY))
    assert (mode(home), mode(path)) == (0o700, 0o600)
    path.chmod(0o666)
    stored_key.keep(home, Stored(api_key="another"))
    assert mode(path) == 0o600 and stored_key.read(home) == Stored(api_key="another")
    assert [each.name for each in home.iterdir()] == ["credentials"]


@pytest.mark.behaviour("B-920")
def test_the_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("{}", encoding="utf-8")
    elsewhere.chmod(0o644)
    (tmp_path / "credentials").symlink_to(elsewhere)
    stored_key.keep(tmp_path, Stored(api_key=KEY))
    assert (elsewhere.read_text(encoding="utf-8"), mode(elsewhere)) == ("{}", 0o644)
    assert not (tmp_path / "credentials").is_symlink()


@pytest.mark.behaviour("B-920")
def test_no_umask_opens_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert mode(stored_key.keep(tmp_path, Stored(api_key=KEY))) == 0o600
    finally:
        os.umask(before)


@pytest.mark.behaviour("B-921")
def test_a_kept_key_comes_after_environment_and_helper(tmp_path: Path) -> None:
    stored_key.keep(tmp_path / ".coder", Stored(api_key=KEY))
    model = loaded(tmp_path).model
    assert (model.api_key, model.key_source, model.base_url) == (KEY, "~/.coder/credentials", HOME_URL)
    assert loaded(tmp_path, ANTHROPIC_API_KEY="env").model.api_key == "env"
    assert loaded(tmp_path, ANTHROPIC_AUTH_TOKEN="env").model.api_key == ""
    assert loaded(tmp_path, '{"apiKeyHelper": "echo helper"}').model.api_key == "helper"


@pytest.mark.behaviour("B-922")
def test_a_kept_key_goes_nowhere_else(tmp_path: Path) -> None:
    home = tmp_path / ".coder"
    stored_key.keep(home, Stored(api_key=KEY))
    elsewhere = loaded(tmp_path, ANTHROPIC_BASE_URL="http://localhost:11434").model
    assert (elsewhere.api_key, elsewhere.key_source) == ("", "none")
    assert loaded(tmp_path, ANTHROPIC_BASE_URL=HOME_URL).model.api_key == KEY
    stored_key.keep(home, Stored(auth_token=KEY, base_url="https://gateway.example"))
    model = loaded(tmp_path).model
    assert (model.auth_token, model.base_url) == (KEY, "https://gateway.example")
    assert loaded(tmp_path, ANTHROPIC_BASE_URL=HOME_URL).model.auth_token == ""
    of_env = loaded(tmp_path, ANTHROPIC_API_KEY="env").model
    assert (of_env.api_key, of_env.auth_token, of_env.base_url) == ("env", "", HOME_URL)


@pytest.mark.behaviour("B-923")
def test_a_file_others_can_read_is_warned_about(tmp_path: Path) -> None:
    path = stored_key.keep(tmp_path / ".coder", Stored(api_key=KEY))
    assert loaded(tmp_path).warnings == ()
    path.chmod(0o640)
    config = loaded(tmp_path)
    assert config.model.api_key == KEY
    assert config.warnings == (f"{path} can be read by others (mode 0640). Make it private: chmod 600 {path}",)


@pytest.mark.behaviour("B-923")
@pytest.mark.parametrize("open_to", [0o620, 0o602])
def test_a_file_others_may_have_written_is_not_used(tmp_path: Path, open_to: int) -> None:
    stored_key.keep(tmp_path / ".coder", Stored(api_key=KEY)).chmod(open_to)
    with pytest.raises(ConfigError, match="coder auth login") as caught:
        loaded(tmp_path)
    assert KEY not in str(caught.value)


@pytest.mark.behaviour("B-923")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a file away")
def test_a_file_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    os.chown(stored_key.keep(tmp_path / ".coder", Stored(api_key=KEY)), 12345, -1)
    with pytest.raises(ConfigError, match="belongs to user 12345"):
        loaded(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"api_key": 5}', '{"api_key": "two words"}', '{"base_url": "ftp://x"}', "\x00\xff"]
)
def test_a_broken_file_is_named_and_its_content_is_not(tmp_path: Path, content: str) -> None:
    path = stored_key.keep(tmp_path / ".coder", Stored(api_key=KEY))
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="credentials") as caught:
        loaded(tmp_path)
    assert "two words" not in str(caught.value)


@pytest.mark.behaviour("B-928")
def test_the_key_is_in_no_text_about_it(tmp_path: Path) -> None:
    stored_key.keep(tmp_path / ".coder", Stored(api_key=KEY))
    assert KEY not in repr(Stored(api_key=KEY)) + repr(Stored(auth_token=KEY)) + repr(loaded(tmp_path))


def test_forgetting_says_whether_there_was_one(tmp_path: Path) -> None:
    stored_key.keep(tmp_path, Stored(api_key=KEY))
    assert stored_key.forget(tmp_path) and not stored_key.forget(tmp_path)
    assert stored_key.read(tmp_path) is None


@pytest.mark.parametrize(
    "pasted",
    [f" {KEY}\n", f"'{KEY}'", f'"{KEY}" ', f"ANTHROPIC_API_KEY={KEY}", f"export ANTHROPIC_API_KEY='{KEY}'\n"],
)
def test_a_key_is_found_in_what_people_paste(pasted: str) -> None:
    assert stored_key.as_typed(pasted) == KEY


@pytest.mark.parametrize("pasted", ["two words", "schlüssel", "a\nb", "\x1b[A"])
def test_what_is_no_key_is_refused_and_not_shown(pasted: str) -> None:
    with pytest.raises(ConfigError, match="no key") as caught:
        stored_key.as_typed(pasted)
    assert pasted not in str(caught.value)


@pytest.mark.parametrize(("secret", "shown"), [(KEY, "sk-ant-…x7Qa"), ("0123456789abcd", "…abcd"), ("short", "…")])
def test_a_short_secret_shows_nothing_of_itself(secret: str, shown: str) -> None:
    assert stored_key.masked(secret) == shown


def test_the_file_holds_what_was_given_and_no_more(tmp_path: Path) -> None:
    path = stored_key.keep(tmp_path, Stored(base_url="http://localhost:11434"))
    assert json.loads(path.read_text(encoding="utf-8")) == {"base_url": "http://localhost:11434"}
