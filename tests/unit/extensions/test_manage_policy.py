from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.config.extensions import extension_settings
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import ExtensionSettings
from coder.core.errors import ConfigError
from coder.extensions.policy import Known, forbidden
from coder.vault.store import Entry, SecretFile

HASH = "ab" * 32
KNOWN = Known("mail", "Mail!", "Mia Ltd", "", HASH)
SIGNED = Known("mail", "Mail!", "Mia", "Mia Ltd", HASH)


@pytest.mark.behaviour("B-1721")
@pytest.mark.parametrize(
    ("known", "allowed", "blocked", "why"),
    [
        (KNOWN, None, (), ""),
        (KNOWN, (), (), "it is not among those that the administrator allows"),
        (KNOWN, ({"name": "MAIL"},), (), ""),
        (KNOWN, ({"name": "mail!"},), (), ""),
        (KNOWN, ({"sha256": HASH},), (), ""),
        (KNOWN, ({"publisher": "mia ltd"},), (), "it is not among those that the administrator allows"),
        (SIGNED, ({"publisher": "mia ltd"},), (), ""),
        (
            SIGNED,
            ({"publisher": "Mia Ltd", "name": "other"},),
            (),
            "it is not among those that the administrator allows",
        ),
        (KNOWN, ({},), (), "it is not among those that the administrator allows"),
        (KNOWN, None, ({"publisher": "Mia Ltd"},), "the administrator has blocked publisher Mia Ltd"),
        (KNOWN, ({"name": "mail"},), ({"sha256": HASH},), f"the administrator has blocked sha256 {HASH}"),
        (Known("a", "a", "", "", HASH), None, ({"publisher": ""},), ""),
    ],
)
def test_blocks_win_and_a_claimed_publisher_only_forbids(known: Known, allowed: Any, blocked: Any, why: str) -> None:
    assert forbidden(known, ExtensionSettings(allowed, blocked)) == why


def written(folder: Path, **extensions: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "managed-settings.json").write_text(json.dumps({"extensions": extensions}))
    return folder


@pytest.mark.behaviour("B-1721")
def test_the_lists_are_read_of_managed_files_only(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    assert extension_settings(env, tmp_path, tmp_path / "none").allowed is None
    managed = written(tmp_path / "etc", allow=["mail", {"publisher": " Mia "}], block=[{"sha256": HASH.upper()}])
    (tmp_path / ".coder").mkdir()
    (tmp_path / ".coder" / "settings.json").write_text('{"extensions": {"allow": ["evil"], "block": ["mail"]}}')
    found = extension_settings(env, tmp_path, managed)
    assert found.allowed == ({"name": "mail"}, {"publisher": "Mia"})
    assert found.blocked == ({"sha256": HASH},)
    session = load(Flags(), env, tmp_path, managed=managed).extensions
    assert (session.allowed, session.blocked) == (found.allowed, found.blocked)
    assert load(Flags(), env, tmp_path, managed=tmp_path / "none").extensions.blocked == ()


@pytest.mark.behaviour("B-1721")
@pytest.mark.parametrize(
    ("extensions", "where"),
    [
        ({"block": "mail"}, "extensions.block must be a list"),
        ({"block": [{"nam": "mail"}]}, r"extensions.block\[0\] must be a name"),
        ({"block": ["mail", 1]}, r"extensions.block\[1\] must be a name"),
        ({"allow": [{"name": 1}]}, r"extensions.allow\[0\] must be"),
        ({"allow": [{}]}, r"extensions.allow\[0\] must be"),
    ],
)
def test_a_list_that_cannot_be_understood_lets_nothing_through(
    extensions: dict[str, Any], where: str, tmp_path: Path
) -> None:
    managed = written(tmp_path / "etc", **extensions)
    with pytest.raises(ConfigError, match=where):
        extension_settings({"HOME": str(tmp_path)}, tmp_path, managed)


@pytest.mark.behaviour("B-1713")
def test_no_tool_reads_the_file_of_secrets(tmp_path: Path) -> None:
    env, home = {"HOME": str(tmp_path)}, tmp_path / ".coder"
    SecretFile(home).put("extension echo", "key", Entry("s"))
    (rule,) = load(Flags(), env, tmp_path, managed=tmp_path / "none").rules
    assert (rule.text, rule.behaviour, rule.base) == ("Read(/secrets.json)", "deny", home)


def test_what_is_no_object_allows_nothing(tmp_path: Path) -> None:
    managed = written(tmp_path / "etc")
    (managed / "managed-settings.json").write_text('{"extensions": false}')
    assert extension_settings({"HOME": str(tmp_path)}, tmp_path, managed).allowed == ()
