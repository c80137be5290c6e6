"""What `coder mcp serve` refuses before it speaks to anybody."""

from __future__ import annotations

import pytest

from coder.cli.main import run


@pytest.mark.behaviour("B-1812")
@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["do it"], "coder mcp serve takes no prompt: do it. Leave it out."),
        (["--resume", "x"], "coder mcp serve takes no --resume: it asks no model. See: coder mcp serve --help"),
        (["--mcp-config={}"], "coder mcp serve takes no --mcp-config: it asks no model. See: coder mcp serve --help"),
        (["--tools"], '--tools expects names, such as --tools "Read,Grep".'),
        (["--toolz", "Read"], "unknown flag --toolz. Did you mean --tools? `coder help options` lists the flags."),
    ],
)
def test_flags_that_make_no_sense_are_refused(flags: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mcp", "serve", *flags]) == 2
    assert capsys.readouterr() == ("", f"coder: {why}\n")
