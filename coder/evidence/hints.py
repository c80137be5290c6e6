"""A first look at an answer, which costs nothing: whether it may claim anything at all. Loads nothing."""

from __future__ import annotations

# One of these stands in every claim (phrases.py).
_HINTS = (
    *("pass", "green", "succe", "clean", "compil", "built", "builds", "failure", "no errors", "went through"),
    *("grün", "laufen", "läuft", "besteh", "bestanden", "réuss", "vert", "pasa", "están", "passa", "sono", "проход"),
    *("прошл", "通过", "パス", "成功", "通り", "通っ"),
)


def may_claim(text: str) -> bool:
    low = text.lower()
    return any(hint in low for hint in _HINTS)
