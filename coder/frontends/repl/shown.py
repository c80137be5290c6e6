"""How a draft looks: tokens as their labels, the `!` of a shell command as the mark, unseen characters as escapes.

Every character of the buffer keeps its place, so the caret stands where it is. Must not know keys.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.formatted_text.utils import fragment_list_to_text
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments

from coder.core.visible import visible
from coder.frontends.repl.tokens import Tokens
from coder.frontends.styled import Span, cut

_ORDINARY = re.compile(r"[ -~]*")
# Joiners and variation selectors of the person's own emoji: terminals do not agree on how wide they make them, so they
# are left out of what is drawn, and sent as they are.
_UNDRAWN = frozenset("\u200d\ufe0e\ufe0f")


class Shown(Processor):
    """The last of the processors of the prompt. `placeholder` is what an empty draft shows; `is_draft` is False while
    something else is typed in its place."""

    def __init__(self, tokens: Tokens, placeholder: str = "", is_draft: Callable[[], bool] = lambda: True) -> None:
        self._tokens = tokens
        self._placeholder = placeholder
        self._is_draft = is_draft

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        given = transformation_input
        text = fragment_list_to_text(given.fragments)
        if not self._is_draft():
            return Transformation(given.fragments)
        if not given.document.text:
            (hint, style), *_ = cut((Span(self._placeholder, "dim"),), given.width - 3) or (Span("", "dim"),)
            return Transformation([(f"class:{style}", hint)])
        shell = given.lineno == 0 and text.startswith("!")
        if not shell and _ORDINARY.fullmatch(text):
            return Transformation(given.fragments)
        return self._drawn(given.fragments, shell)

    def _drawn(self, fragments: StyleAndTextTuples, shell: bool) -> Transformation:
        drawn: StyleAndTextTuples = []
        starts: list[int] = []
        width = 0
        for at, (style, char, *_) in enumerate(explode_text_fragments(fragments)):
            held = self._tokens.at(char)
            if held is not None:
                style, char = f"{style} class:code", held.label
            elif shell and at == 0:
                char = ""
            elif not " " <= char <= "~":
                char = _drawn(char)
            starts.append(width)
            width += len(char)
            drawn.append((style, char))
        starts.append(width)
        last = len(starts) - 1
        return Transformation(
            drawn,
            source_to_display=lambda at: starts[at] if at <= last else width + at - last,
            display_to_source=lambda at: bisect_right(starts, at) - 1 if at <= width else last + at - width,
        )


@lru_cache(maxsize=4096)
def _drawn(char: str) -> str:
    if char == "\t":
        return "    "
    return "" if char in _UNDRAWN else visible(char)
