"""Writes each test module down as pytest rewrites it, on all cores, before the workers read them: without this each of
them rewrites all for itself. Whatever is missing, or was changed since, pytest rewrites as ever.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from _pytest.assertion import rewrite

HERE = Path(__file__).parents[1]
_AT_ONCE = 16  # files


def write(file: Path) -> None:
    folder = rewrite.get_cache_dir(file)
    kept = folder / f"{file.stem}{rewrite.PYC_TAIL}"
    if rewrite._read_pyc(file, kept) is not None:
        return
    digest, code = rewrite._rewrite_test(file, None)  # type: ignore[arg-type]  # it asks for one setting, if at all
    folder.mkdir(exist_ok=True)
    partial = kept.with_name(f"{kept.name}.{os.getpid()}")
    with partial.open("wb") as out:
        rewrite._write_pyc_fp(out, digest, code)
    partial.replace(kept)


def main() -> None:
    files = [*HERE.rglob("test_*.py"), *HERE.rglob("conftest.py")]
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(write, files, chunksize=_AT_ONCE):
            pass


if __name__ == "__main__":
    main()
