from __future__ import annotations

import re

import pytest

from coder.cli.arguments import parse
from coder.cli.grammar import FORMATS, grammar
from coder.cli.help import HELP
from coder.cli.help_pages import KEYS, OPTIONS, PAGES
from coder.cli.main import SUBCOMMANDS, run
from coder.core.errors import ConfigError
from coder.frontends.repl import keymap
from tests.support.cli import Place

SHOWN = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", OPTIONS))
UNTOLD = {"resume_session_at", "resume_drops_turn"}  # entries of a transcript: what programs pass


@pytest.mark.behaviour("B-851")
def test_help_fits_a_small_terminal() -> None:
    assert len(HELP.split("\n")) <= 24
    for page in (HELP, *PAGES.values()):
        assert max(map(len, page.split("\n"))) <= 80


@pytest.mark.behaviour("B-851")
@pytest.mark.parametrize("page", ["options", "keys"])
def test_the_pages_are_answered_at_once(place: Place, page: str) -> None:
    done = place.coder("help", page)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == PAGES[page] + "\n"


def test_every_option_that_is_named_exists() -> None:
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", HELP + OPTIONS)) - {"--help"}
    assert len(named) > 25
    for flag in named:
        try:
            parse([flag])
        except ConfigError as error:
            assert "expected" in str(error) or "needs" in str(error), flag  # a value, or another flag
    assert all(each in OPTIONS for each in FORMATS)
    assert set(re.findall(r"(?m)^  coder ([a-z]+)", HELP + OPTIONS)) <= set(SUBCOMMANDS)


@pytest.mark.behaviour("B-1362")
def test_every_option_and_subcommand_is_named() -> None:
    for action in grammar()._actions:
        assert not action.option_strings or set(action.option_strings) & SHOWN or action.dest in UNTOLD, action.dest
    assert set(SUBCOMMANDS) <= set(re.findall(r"[a-z]+", OPTIONS.partition("\nCommands\n")[2]))


def test_every_key_and_action_is_named_on_the_page_of_keys() -> None:
    for keys in keymap.Keymap().keys.values():
        for key in keys:
            assert key in KEYS, key
    for action, (_, _, name) in keymap.DEFAULTS.items():
        assert name in KEYS or action in ("interrupt", "leave"), name


@pytest.mark.behaviour("B-2545")
def test_help_on_a_command_is_its_own_and_of_what_there_is_none_the_pages_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left:
        run(["help", "ci"])
    assert left.value.code == 0 and capsys.readouterr().out.startswith("Usage: coder ci [OPTIONS]")
    assert run(["help", "headless"]) == 2
    assert capsys.readouterr().err.startswith("coder: there is no help on 'headless'. `coder help options` lists")
    assert run(["-p", "x", "--max-turns", "0"]) == 2
    assert capsys.readouterr().err.endswith("`coder help options` lists the flags.\n")
