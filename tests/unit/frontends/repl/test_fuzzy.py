from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coder.frontends.fuzzy import Ranking

NAMES = st.lists(st.text("abc/_.", min_size=1, max_size=12), max_size=30, unique=True)


def test_the_best_comes_first() -> None:
    names = ["src/utils/", "tests/test_util.py", "util.py", "src/menu_title.py", "a/util/deep/b.py", "other.py"]
    found = Ranking(names).best("util")
    assert found == ["util.py", "src/utils/", "tests/test_util.py", "a/util/deep/b.py", "src/menu_title.py"]
    assert Ranking(names).best("UT.PY") == ["util.py", "src/menu_title.py", "tests/test_util.py", "a/util/deep/b.py"]
    assert Ranking(names).best("src/") == ["src/utils/", "src/menu_title.py"]
    assert Ranking(names).best("zz") == []
    assert Ranking(names).best("", 2) == names[:2]


@given(NAMES, st.text("abc/", min_size=1, max_size=4))
def test_typing_on_finds_what_a_new_search_finds(names: list[str], query: str) -> None:
    typed = Ranking(names)
    for end in range(1, len(query) + 1):
        assert typed.best(query[:end]) == Ranking(names).best(query[:end])
    assert typed.best(query[:1]) == Ranking(names).best(query[:1])  # and back


@given(NAMES, st.text("abc/", min_size=1, max_size=4))
def test_what_is_found_holds_the_letters_in_their_order(names: list[str], query: str) -> None:
    def holds(name: str) -> bool:
        rest = iter(name)
        return all(letter in rest for letter in query)

    assert set(Ranking(names).best(query)) == {name for name in names if holds(name)}
