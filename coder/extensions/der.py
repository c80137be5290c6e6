"""Reads DER, as far as signatures need it: tags, lengths, contents. Pure, strict and bounded; knows no certificates."""

from __future__ import annotations

from coder.core.dataclass import dataclass

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
_MOST_ITEMS = 200


class DerError(ValueError):
    """The bytes are not the DER that was expected."""


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """`whole` are its bytes with tag and length, `body` those without."""

    tag: int
    body: bytes
    whole: bytes

    def items(self) -> tuple[Item, ...]:
        """What it is made up of."""
        found: list[Item] = []
        at = 0
        while at < len(self.body):
            item = _item(self.body, at)
            found.append(item)
            at += len(item.whole)
            if len(found) > _MOST_ITEMS:
                raise DerError("too many items")
        return tuple(found)

    def expect(self, tag: int) -> Item:
        if self.tag != tag:
            raise DerError(f"a value of type {self.tag:#x} where one of {tag:#x} belongs")
        return self


def read(data: bytes) -> Item:
    """The one item that is all of the data."""
    item = _item(data, 0)
    if len(item.whole) != len(data):
        raise DerError("bytes after the end")
    return item


def oid_of(item: Item) -> str:
    """An object identifier, in its dotted form."""
    body = item.expect(OID).body
    if not body or body[-1] & 0x80:
        raise DerError("a cut object identifier")
    numbers: list[int] = []
    value = 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _item(data: bytes, at: int) -> Item:
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise DerError("a cut or unknown item")
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):
            raise DerError("a length that is no DER")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > len(data):
        raise DerError("an item that is longer than what there is")
    return Item(data[at], data[start : start + length], data[at : start + length])
