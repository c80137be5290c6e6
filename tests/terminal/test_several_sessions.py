"""Two sessions on terminals of their own, in one folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.fakeapi import turn
from tests.support.sitting import sitting

LINE = re.compile(r"Another session works here: \"[^\"]+\", since \d\d:\d\d · coder -w keeps them apart")


@pytest.mark.behaviour("B-1535")
def test_the_second_session_says_that_there_is_a_first(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello.")) as first:
        first.say("hello there")
        with sitting(tmp_path, turn("Hello."), place=first.place, columns=120) as second:
            second.terminal.wait("Another session works here")
            told = [line for line in second.told() if "Another session" in line]
            assert len(told) == 1 and LINE.fullmatch(told[0].strip()), told
            second.say("hello too")
            assert sum("Another session" in line for line in second.told()) == 1
        assert not any("Another session" in line for line in first.told())
    with sitting(tmp_path, turn("Hello."), place=first.place) as third:
        third.say("hello")
        assert not any("Another session" in line for line in third.told())
