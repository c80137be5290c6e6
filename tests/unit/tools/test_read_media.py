from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from pypdf import PdfReader, PdfWriter

from coder.core.errors import ToolError
from coder.core.messages import Document, Image, Text
from coder.core.pictures import Picture, identify
from coder.core.tools import ToolOutput
from coder.tools import images, pdf
from coder.tools.ledger import FileLedger
from coder.tools.read import Read
from tests.support.toolbox import Toolbox, text_of


def picture(kind: str, width: int = 40, height: int = 30, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Pillow.linear_gradient("L").resize((width, height)).convert(mode).save(out, kind)
    return out.getvalue()


def noise(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Pillow.effect_noise((width, height), 90).convert("RGB").save(out, "PNG")
    return out.getvalue()


async def shown(folder: Path, name: str, data: bytes, **more: Any) -> ToolOutput:
    path = folder / name
    path.write_bytes(data)
    return await Toolbox(folder).call(Read(FileLedger()), file_path=str(path), **more)


@pytest.mark.behaviour("B-230")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_picture_is_shown_as_it_is_whatever_its_name(tmp_path: Path, kind: str) -> None:
    data = picture(kind)
    output = await shown(tmp_path, "picture.dat", data)
    block = Image(f"image/{kind.lower()}", base64.b64encode(data).decode())
    assert output.content == (block,)
    assert output.data == {
        "type": "image",
        "file": {
            "base64": block.data,
            "type": block.media_type,
            "originalSize": len(data),
            "dimensions": {"originalWidth": 40, "originalHeight": 30, "displayWidth": 40, "displayHeight": 30},
        },
    }


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_without_the_extra_a_small_picture_is_sent_as_it_is(kind: str) -> None:
    data = picture(kind)
    made = images.prepare(data, None)
    assert base64.b64decode(made.block.data) == data
    assert (made.shown.width, made.shown.height) == (40, 30)


def test_lossless_and_plain_webp_sizes_are_read() -> None:
    for options in ({"lossless": True}, {"lossless": False}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}):
        out = io.BytesIO()
        Pillow.new("RGB", (70, 50), "red").save(out, "WEBP", **options)
        assert identify(out.getvalue()) == Picture("image/webp", 70, 50)


@pytest.mark.behaviour("B-231")
async def test_large_picture_is_shrunk_and_the_model_is_told(tmp_path: Path) -> None:
    output = await shown(tmp_path, "big.png", picture("PNG", 3_000, 1_500))
    assert isinstance(output.content, tuple)
    note, block = output.content
    assert isinstance(note, Text)
    assert note.text == "Shown at 1568x784; the file has 3000x1500 pixels."
    assert isinstance(block, Image)
    with Pillow.open(io.BytesIO(base64.b64decode(block.data))) as image:
        assert image.size == (1568, 784)


@pytest.mark.behaviour("B-231")
async def test_heavy_picture_becomes_a_jpeg(tmp_path: Path) -> None:
    data = noise(900, 700)
    assert len(data) > 500 << 10
    output = await shown(tmp_path, "heavy.png", data)
    assert isinstance(output.content, tuple)
    (block,) = output.content
    assert isinstance(block, Image)
    assert block.media_type == "image/jpeg"
    assert len(block.data) < len(data)


def test_picture_with_transparency_can_be_shrunk() -> None:
    pixels = Pillow.effect_noise((2_000, 900), 90).convert("RGBA")
    pixels.putalpha(128)
    out = io.BytesIO()
    pixels.save(out, "PNG")
    assert images.prepare(out.getvalue(), Pillow).shown == Picture("image/jpeg", 1568, 706)


@pytest.mark.parametrize(("width", "height"), [(2_400, 100), (100, 2_001)])
def test_without_the_extra_a_large_picture_names_it(width: int, height: int) -> None:
    with pytest.raises(ToolError, match=r"extra `images`.*coder\[images\]"):
        images.prepare(picture("PNG", width, height), None)


def test_without_the_extra_a_heavy_picture_names_it() -> None:
    with pytest.raises(ToolError, match="extra `images`"):
        images.prepare(noise(1_500, 1_400), None)


def test_picture_of_countless_pixels_is_never_unpacked() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    with pytest.raises(ToolError, match="60000x60000 pixels"):
        images.prepare(data, Pillow)


@pytest.mark.behaviour("B-232")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_picture_cut_short_is_told_in_words(kind: str) -> None:
    data = picture(kind, 200, 200)
    for size in range(12, len(data), max(len(data) // 40, 1)):
        with pytest.raises(ToolError, match="cannot be shown"):
            images.prepare(data[:size], None)


@pytest.mark.behaviour("B-232")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_picture_cut_short_is_never_sent_as_it_is(kind: str) -> None:
    data = picture(kind, 200, 200)
    for size in range(12, len(data), max(len(data) // 40, 1)):
        try:
            made = images.prepare(data[:size], Pillow)
        except ToolError as error:
            assert "cannot be shown" in str(error)
        else:
            images.prepare(base64.b64decode(made.block.data), None)


@pytest.mark.behaviour("B-232")
def test_png_with_one_wrong_byte_is_told_in_words() -> None:
    data = bytearray(picture("PNG", 200, 200))
    data[60] ^= 0xFF
    with pytest.raises(ToolError, match="damaged"):
        images.prepare(bytes(data), None)


@pytest.mark.behaviour("B-232")
async def test_text_with_the_name_of_a_picture_is_shown_as_text(tmp_path: Path) -> None:
    output = await shown(tmp_path, "logo.png", b"version https://git-lfs.github.com/spec/v1\n")
    assert text_of(output) == "     1\tversion https://git-lfs.github.com/spec/v1"


@pytest.mark.behaviour("B-232")
async def test_damaged_picture_in_a_file_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"bad\.png: this picture cannot be shown"):
        await shown(tmp_path, "bad.png", picture("PNG")[:50])


def book(pages: int, password: str = "") -> bytes:
    writer = PdfWriter()
    for number in range(pages):
        writer.add_blank_page(100 + number, 200)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def widths(block: Any) -> list[int]:
    assert isinstance(block, Document)
    return [int(page.mediabox.width) for page in PdfReader(io.BytesIO(base64.b64decode(block.data))).pages]


@pytest.mark.behaviour("B-233")
async def test_short_pdf_is_shown_whole(tmp_path: Path) -> None:
    data = book(10)
    output = await shown(tmp_path, "a.pdf", data)
    block = Document("application/pdf", base64.b64encode(data).decode())
    assert output.content == (block,)
    file = {"filePath": str(tmp_path / "a.pdf"), "base64": block.data, "originalSize": len(data)}
    assert output.data == {"type": "pdf", "file": file}


@pytest.mark.behaviour("B-233")
async def test_long_pdf_needs_pages(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"has 11 pages\. Send the ones you need: pages '1-11'"):
        await shown(tmp_path, "a.pdf", book(11))


@pytest.mark.parametrize(
    ("pages", "expected"),
    [("3", [102]), ("2-4", [101, 102, 103]), ("29-", [128, 129]), (" 30 - 40 ", [129])],
)
async def test_pages_are_taken_from_a_pdf(tmp_path: Path, pages: str, expected: list[int]) -> None:
    output = await shown(tmp_path, "a.pdf", book(30), pages=pages)
    assert widths(output.content[0]) == expected


@pytest.mark.parametrize(
    ("pages", "said"),
    [("x", "expected a page or a range"), ("0", "pages 1 to 30"), ("31", "pages 1 to 30"), ("5-2", "pages 1 to 30"),
     ("1-21", "at most 20 pages at a time, such as '1-20'")],
)  # fmt: skip
async def test_pages_that_cannot_be_are_told(tmp_path: Path, pages: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        await shown(tmp_path, "a.pdf", book(30), pages=pages)


@pytest.mark.behaviour("B-232")
async def test_locked_and_damaged_pdf_are_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="locked with a password"):
        await shown(tmp_path, "a.pdf", book(2, "secret"))
    with pytest.raises(ToolError, match="damaged"):
        await shown(tmp_path, "a.pdf", b"%PDF-1.7\nnothing")


@pytest.mark.behaviour("B-234")
def test_without_the_extra_pages_and_long_files_name_it() -> None:
    with pytest.raises(ToolError, match=r"coder\[pdf\]"):
        pdf.document(book(3), "1-2", None)
    with pytest.raises(ToolError, match="about 12 pages"):
        pdf.document(book(12), None, None)
    assert base64.b64decode(pdf.document(book(3), None, None).data) == book(3)


@pytest.mark.behaviour("B-232")
def test_without_the_extra_a_damaged_or_locked_pdf_is_told_in_words() -> None:
    with pytest.raises(ToolError, match="damaged"):
        pdf.document(book(3)[:-30], None, None)
    with pytest.raises(ToolError, match="locked"):
        pdf.document(book(3, "secret"), None, None)
