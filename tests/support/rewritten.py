"""Writes each test module down as pytest rewrites it, on all cores, before the workers read them: without this each of
them rewrites all for itself. Whatever is missing, or was changed since, pytest rewrites as ever. The names it uses are
pytest's own: where they have changed it does nothing.
"""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

rewrite: Any = None
with suppress(ImportError):
    rewrite = importlib.import_module("_pytest.assertion.rewrite")
_NAMES = ("PYC_TAIL", "_read_pyc", "_rewrite_test", "_write_pyc_fp", "get_cache_dir")
CAN = all(hasattr(rewrite, name) for name in _NAMES)
HERE = Path(__file__).parents[1]
_AT_ONCE = 16  # files


def kept(file: Path) -> Path:
    """Where pytest looks for it."""
    return Path(rewrite.get_cache_dir(file)) / f"{file.stem}{rewrite.PYC_TAIL}"


def write(file: Path) -> None:
    """Leaves to pytest what cannot be written, or read."""
    with suppress(Exception):
        at = kept(file)
        if rewrite._read_pyc(file, at) is not None:
            return
        stat, code = rewrite._rewrite_test(file, None)  # it asks for one setting, if at all
        at.parent.mkdir(exist_ok=True)
        partial = at.with_name(f"{at.name}.{os.getpid()}")
        try:
            with partial.open("wb") as out:
                rewrite._write_pyc_fp(out, stat, code)
            if rewrite._read_pyc(file, partial) is not None:
                partial.replace(at)
        finally:
            partial.unlink(missing_ok=True)


def main() -> None:
    if not CAN:
        return
    files = [*HERE.rglob("test_*.py"), *HERE.rglob("conftest.py")]
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(write, files, chunksize=_AT_ONCE):
            pass


if __name__ == "__main__":
    main()
