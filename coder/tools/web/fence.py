"""Keeps a text of the web inside the marks it is given between. Pure; must not know who reads it."""

from __future__ import annotations

import re

_MARK = re.compile(r"<(?=[\s/]*web_)", re.IGNORECASE)  # a model takes `</ WEB_page >` for the mark as well


def fenced(text: str) -> str:
    """The text with no mark in it that could begin or end a fence (`<web_page>` and its like)."""
    return _MARK.sub(r"<\\", text)
