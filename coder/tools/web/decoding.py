"""The text of a body, by the charset it names. Pure and total; must not know HTTP or HTML beyond `<meta charset>`."""

from __future__ import annotations

import re

_DEFAULT = "utf-8"
# As browsers read the names; what is none of these is UTF-8 (utf-7 among them, which hides marks as letters).
_KNOWN = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf-16-le"),
    "utf-16be": "utf-16-be",
    **dict.fromkeys(("us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    **{f"iso-8859-{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    "iso-8859-9": "cp1254",
    **{f"windows-{number}": f"cp{number}" for number in (874, *range(1250, 1259))},
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "windows-31j"), "cp932"),
    "euc-jp": "euc-jp",
    "iso-2022-jp": "iso2022-jp",
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
    "big5": "big5hkscs",
    "euc-kr": "cp949",
}
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NAMED = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,/>]+)", re.IGNORECASE)
_HEAD = 1024  # bytes in which a page must name its charset


def text_of(body: bytes, content_type: str, *, is_html: bool = False) -> str:
    """A byte order mark counts first, then the server's word, then the page's own. What is no character is U+FFFD."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    named = _NAMED.search(content_type)
    if named is None and is_html:
        named = _NAMED.search(body[:_HEAD].decode("latin-1"))
        if named is not None and named[1].lower().startswith("utf-16"):  # it could be read, so it is none
            named = None
    return body.decode(_KNOWN.get(named[1].lower(), _DEFAULT) if named else _DEFAULT, "replace")
