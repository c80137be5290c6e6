from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coder.app.created import Created
from coder.core.requests import Effect, EffectKind


def effects(*paths: Path, kind: EffectKind = "writes") -> tuple[Effect, ...]:
    return tuple(Effect(kind, str(path), path) for path in paths)


async def run(created: Created, told: tuple[Effect, ...], *acts: Callable[[], object]) -> None:
    async with created.watch(told):
        for act in acts:
            act()


@pytest.mark.behaviour("B-716")
async def test_what_was_not_there_and_is_there_now_was_created(tmp_path: Path) -> None:
    created, new = Created(), tmp_path / "a/b/new"
    assert not created.holds(new)
    await run(created, effects(new), lambda: new.parent.mkdir(parents=True), new.touch)
    assert created.holds(new)
    assert created.holds(tmp_path / "a")
    assert created.holds(tmp_path / "a/b/whatever/is/below")
    assert not created.holds(tmp_path)
    assert not created.holds(tmp_path / "ab")


async def test_what_was_there_before_was_not_created(tmp_path: Path) -> None:
    created, old = Created(), tmp_path / "old"
    old.write_text("precious")
    await run(created, effects(old), lambda: old.write_text("changed"))
    await run(created, effects(tmp_path / "never made"))
    assert not created.holds(old)
    assert not created.holds(tmp_path / "never made")


async def test_only_what_the_call_was_to_write_counts(tmp_path: Path) -> None:
    created = Created()
    for kind in ("reads", "deletes", "runs"):
        await run(created, effects(tmp_path / "x", kind=kind), (tmp_path / "x").touch)
        assert not created.holds(tmp_path / "x")
        (tmp_path / "x").unlink()


@pytest.mark.behaviour("B-716")
async def test_what_took_its_place_since_was_not_created(tmp_path: Path) -> None:
    created, made, keep = Created(), tmp_path / "made", tmp_path / "keep"
    await run(created, effects(made), made.mkdir)
    keep.mkdir()
    made.rename(tmp_path / "elsewhere")
    keep.rename(made)
    assert not created.holds(made)
    assert not created.holds(made / "x")


async def test_our_own_next_version_is_still_ours(tmp_path: Path) -> None:
    created, made, other = Created(), tmp_path / "made", tmp_path / "other"
    await run(created, effects(made), made.touch)
    await run(created, effects(made), other.touch, lambda: other.replace(made))
    assert created.holds(made)


@pytest.mark.behaviour("B-717")
async def test_no_link_is_created_nor_leads_out_of_what_is(tmp_path: Path) -> None:
    created, made, outside = Created(), tmp_path / "made", tmp_path / "outside"
    outside.mkdir()
    (outside / "x").touch()
    await run(created, effects(made), made.mkdir)
    (made / "out").symlink_to(outside)
    assert not created.holds(made / "out")
    assert not created.holds(made / "out/x")
    assert not created.holds(made / "out" / ".." / "x")
    await run(created, effects(tmp_path / "link"), lambda: (tmp_path / "link").symlink_to(outside))
    assert not created.holds(tmp_path / "link")
    (tmp_path / "in").symlink_to(made)
    assert created.holds(tmp_path / "in" / "a")


@pytest.mark.behaviour("B-717")
@pytest.mark.parametrize("how", ["rename", "link", "move into", "move over"])
async def test_what_only_moved_was_not_created(tmp_path: Path, how: str) -> None:
    created, old, new = Created(), tmp_path / "old", tmp_path / "new"
    old.write_text("precious")
    match how:
        case "rename":
            await run(created, effects(old, new), lambda: old.rename(new))
        case "link":
            await run(created, (*effects(old, kind="reads"), *effects(new)), lambda: os.link(old, new))
        case "move into":
            await run(created, effects(new), new.mkdir)
            await run(created, effects(old, new), lambda: shutil.move(old, new))
        case _:
            await run(created, effects(new), new.touch)
            await run(created, effects(old, new), lambda: old.replace(new))
    assert not created.holds(new)
    assert not created.holds(new / "old")


async def test_a_call_that_fails_has_still_created_what_it_made(tmp_path: Path) -> None:
    created, new = Created(), tmp_path / "new"
    with pytest.raises(ZeroDivisionError):
        await run(created, effects(new), new.touch, lambda: 1 // 0)
    assert created.holds(new)


async def test_the_oldest_are_forgotten_first(tmp_path: Path) -> None:
    created = Created()
    paths = [tmp_path / str(number) for number in range(10_001)]
    await run(created, effects(*paths), *(path.touch for path in paths))
    assert not created.holds(paths[0])
    assert created.holds(paths[1])
    assert created.holds(paths[-1])


async def test_our_own_scratch_folder_holds_what_was_created_but_is_not_created(tmp_path: Path) -> None:
    created = Created((tmp_path / "scratch",))
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "link").symlink_to(tmp_path)
    assert created.holds(tmp_path / "scratch" / "x")
    assert not created.holds(tmp_path / "scratch")
    assert not created.holds(tmp_path / "scratch" / "link")


async def test_odd_paths_are_not_created_and_never_raise(tmp_path: Path) -> None:
    created = Created()
    (tmp_path / "loop").symlink_to("loop")
    for name in ("a\0b", "\ud800", "loop", "loop/x", "a" * 5000):
        await run(created, effects(tmp_path / name))
        assert not created.holds(tmp_path / name)


@pytest.mark.behaviour("B-716")
async def test_a_folder_into_which_something_older_came_is_not_ours_alone(tmp_path: Path) -> None:
    created, made, precious = Created(), tmp_path / "made", tmp_path / "precious"
    precious.touch()
    os.utime(precious, (1, 1))
    await run(created, effects(made), made.mkdir)
    await run(created, effects(kind="runs"), (made / "ours").touch)
    assert created.holds(made)
    precious.rename(made / "inside")  # as `find -exec mv` or tar would, by words nobody can tell it from
    assert not created.holds(made)
    assert created.holds(made / "ours")
