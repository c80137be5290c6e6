"""A terminal that is resized while it is drawn on."""

from __future__ import annotations

import io
from itertools import count

from prompt_toolkit.data_structures import Size

from coder.frontends.repl.output import Output


def test_what_is_drawn_in_one_go_is_of_one_size() -> None:
    narrower = count(80, -1)
    output = Output(io.StringIO(), lambda: Size(24, next(narrower)))
    assert [output.get_size().columns for _ in range(2)] == [80, 79]
    with output.of_one_size():
        assert output.get_size().columns == 78
        with output.of_one_size():
            assert output.get_size().columns == 78
        assert output.get_size().columns == 78
    assert output.get_size().columns == 77
