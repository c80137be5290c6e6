"""What coder writes, held against the classes of the public Python SDK. More of it is in
tests/online/sdk/test_types.py.
"""

from __future__ import annotations

import pytest

from tests.support.cli import Place
from tests.support.py_types import wrong_for_python
from tests.support.type_leaves import PYTHON, of_list
from tests.support.wire_scenes import SCENES
from tests.support.wire_shapes import Shapes


@pytest.mark.behaviour("B-2770")
@pytest.mark.parametrize(("scene", "kind"), [("talk", "conversation_reset"), ("requests", "answer/get_context_usage")])
def test_what_is_written_fits_the_types_of_the_python_sdk(place: Place, scene: str, kind: str) -> None:
    shapes = Shapes()
    for played in SCENES[scene](place):
        for asked in played.asked:
            shapes.asked(asked)
        shapes.came(played.seen)
    objects = list(shapes.found.values())
    assert kind in {each.kind for each in objects}
    wrong = [str(w) for each in objects for w in wrong_for_python(each) if not of_list(w, PYTHON, set())]
    assert not wrong, "\n".join(wrong)
