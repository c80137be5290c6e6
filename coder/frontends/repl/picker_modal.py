"""An open picker in front of the prompt. Must not know what is chosen from, nor the terminal."""

from __future__ import annotations

from coder.frontends.picker import Picked, Picker
from coder.frontends.picking import Picking
from coder.frontends.repl.modal import Shape


class PickerModal:
    """`result` is what was picked, None when it was left."""

    keeps_prompt = False
    step = 0

    def __init__(self, picker: Picker) -> None:
        self._picking = Picking(picker)
        self.grace = picker.grace
        self.result: Picked | None = None

    def shape(self, width: int, height: int) -> Shape:
        return Shape(self._picking.rows(width, height))

    def press(self, key: str, data: str) -> bool:
        if key == "paste":
            self._picking.type(" ".join(data.split()))
            return False
        pressed = {" ": "space"}.get(data, data) if key == "text" else key
        over = self._picking.press(pressed)
        if isinstance(over, Picked):
            self.result = over
        return over is not None
