from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.errors import ConfigError
from coder.extensions.configuring import fitting, form_of, missing, parted, read, read_files, read_sets
from coder.extensions.user_config import Field, Value

HOME = Path("/home/mia")
NUMBER = Field("port", "number", "Port", min=1, max=65535)
SWITCH = Field("fast", "boolean", "Fast")
TEXT = Field("name", "string", "Name")
SECRET = Field("key", "string", "Key", sensitive=True, required=True)
FOLDERS = Field("dirs", "directory", "Folders", multiple=True)
ALL = (NUMBER, SWITCH, TEXT, SECRET, FOLDERS)


@pytest.mark.behaviour("B-1712")
@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("port=80", 80),
        ("port=8.5", 8.5),
        ("port=1e3", 1000),
        ("fast=yes", True),
        ("fast=FALSE", False),
        ("name=a=b ${HOME} $& ", "a=b ${HOME} $& "),
        ("name=", ""),
    ],
)
def test_a_setting_is_read_by_its_type(given: str, value: object, tmp_path: Path) -> None:
    found = read_sets(ALL, [given], tmp_path, HOME)
    (only,) = found.values()
    assert (only, type(only)) == (value, type(value))


@pytest.mark.behaviour("B-1712")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("port=0", "--set port: it must be a number from 1 to 65535, not '0'."),
        ("port=ten", "--set port: it must be a number from 1 to 65535, not 'ten'."),
        ("port=nan", "--set port: it must be a number from 1 to 65535, not 'nan'."),
        ("port=1_0", "--set port: it must be a number from 1 to 65535, not '1_0'."),
        ("fast=perhaps", "--set fast: it must be true or false, not 'perhaps'."),
        ("dirs=nowhere", "--set dirs: it must be a folder that exists, not 'nowhere'."),
        ("name=a\0b", "--set name: it must be a text without NUL characters, which no program can be given"),
        ("other=1", "--set: the extension has no setting 'other'. It has port, fast, name, key, dirs."),
        ("fast", "--set must have the form KEY=VALUE."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_key_and_form(given: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read_sets(ALL, [given], tmp_path, HOME)
    assert str(refused.value).startswith(said)


@pytest.mark.behaviour("B-1712")
def test_folders_are_found_from_here_and_from_home_and_each_one_more_adds_to_them(tmp_path: Path) -> None:
    (tmp_path / "home" / "docs").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    found = read_sets(ALL, ["dirs=home", "dirs=~/docs", "dirs=/"], tmp_path, tmp_path / "home")
    assert found == {"dirs": (f"{tmp_path}/home", f"{tmp_path}/home/docs", "/")}
    with pytest.raises(ConfigError, match="a folder that exists, not 'file'"):
        read_sets(ALL, ["dirs=file"], tmp_path, tmp_path)
    assert read(Field("f", "file", "F"), ["file"], tmp_path, HOME) == f"{tmp_path}/file"
    with pytest.raises(ConfigError, match="takes one value only"):
        read_sets(ALL, ["port=1", "port=2"], tmp_path, HOME)


@pytest.mark.behaviour("B-1713")
def test_a_secret_on_the_command_line_is_refused_and_never_quoted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--set-file key=FILE") as refused:
        read_sets(ALL, ["key=hunter2"], tmp_path, HOME)
    number = Field("pin", "number", "PIN", sensitive=True)
    with pytest.raises(ConfigError) as wrong:
        read_files([number], {"pin": "hunter2"}, tmp_path, HOME)
    with pytest.raises(ConfigError) as formless:
        read_sets(ALL, ["hunter2"], tmp_path, HOME)
    assert "hunter2" not in f"{refused.value} {wrong.value} {formless.value}"


@given(st.text(min_size=1).filter(lambda text: "\0" not in text and text[-1] != "\r"))
def test_a_value_from_a_file_is_what_stands_in_it_but_for_one_line_end(text: str) -> None:
    for written in (f"{text}\n", f"{text}\r\n"):
        assert read_files(ALL, {"key": written}, Path("/"), HOME) == {"key": text}


@pytest.mark.parametrize("text", ["inf", "-Infinity", "nan", "", "1e400"])
def test_a_number_is_finite(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it must be a number, not"):
        read(Field("n", "number", "N"), [text], tmp_path, HOME)


def test_several_values_of_a_file_stand_on_lines(tmp_path: Path) -> None:
    assert read_files(ALL, {"dirs": "/\n/usr\n"}, tmp_path, HOME) == {"dirs": ("/", "/usr")}


@pytest.mark.behaviour("B-1712")
def test_a_default_is_a_value_of_a_required_setting(tmp_path: Path) -> None:
    needed = Field("a", "string", "A", required=True)
    with_default = Field("b", "string", "B", required=True, default="x")
    assert missing([needed, with_default], {}) == (needed,)
    assert missing([needed], {"a": "x"}) == ()
    with pytest.raises(ConfigError, match="a text that is not empty"):
        read(needed, [""], tmp_path, HOME)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (NUMBER, "a number from 1 to 65535"),
        (Field("n", "number", "N", min=0), "a number of at least 0"),
        (Field("n", "number", "N", max=9.5), "a number of at most 9.5"),
        (Field("n", "number", "N"), "a number"),
        (Field("n", "file", "N"), "a file that exists"),
    ],
)
def test_forms_are_told_in_words(field: Field, words: str) -> None:
    assert form_of(field) == words


def test_values_of_another_version_stay_where_they_still_fit() -> None:
    old: dict[str, Value] = {"port": 70_000, "fast": "yes", "name": "n", "dirs": ("/gone",), "other": 1}
    assert fitting(ALL, old) == {"name": "n", "dirs": ("/gone",)}
    assert parted(ALL, {"key": "s", "name": "n"}) == ({"name": "n"}, {"key": "s"})
