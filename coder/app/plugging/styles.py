"""The output styles that a plugin would put upon a whole session, by what stands in them. For a plugin of the
repository, whose word counts only where it was approved. Must not know whether it was, or how a style is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from coder.commands.places import Kind, Place, files_in
from coder.commands.styles import style_of
from coder.frontmatter.found import Search

_KIND: Kind = "output-styles"


def forced_styles(places: Iterable[Place]) -> dict[str, str]:
    """The SHA-256 of each file, by the name of its style. Reads ordinary files; never raises for what is in them."""
    found: dict[str, str] = {}
    search = Search()
    for place in places:
        for file in files_in(place, search) if place.kind == _KIND else ():
            data = search.read(file.path)
            style = style_of(data, file.path, place)[0] if data is not None else None
            if data is not None and style is not None and style.forced and style.text:
                found[style.name] = sha256(data).hexdigest()
    return found
