"""One entity as it was, in a file as it is: nothing else moves."""

from collections.abc import Mapping

import pytest

from aura.errors import AuraError
from aura.syntax.file import File
from aura.syntax.graft import graft
from aura.syntax.types import Grafted

SHOP = b'''import os


def one(a):
    return a


class Till:
    """Doc."""

    def pay(self, x):
        # keep
        return x * 2

    def other(self):
        return 3


def last():
    return 9
'''


def files(sources: Mapping[str, bytes]) -> dict[str, File]:
    return {path: File.read(path, source) for path, source in sources.items()}


def put(old: bytes, new: bytes, said: str, path: str = "shop.py") -> Grafted:
    return graft(files({path: old}), files({path: new}), [said])


@pytest.mark.parametrize("said", ["pay", "Till.pay", "shop.py:Till.pay", "Till::pay"])
def test_only_the_lines_of_the_entity_are_replaced(said: str) -> None:
    today = SHOP.replace(b"return a", b"return a + 1").replace(b"x * 2", b"x * 3\n        # more")
    assert put(SHOP, today, said).data == SHOP.replace(b"return a", b"return a + 1")


@pytest.mark.parametrize("said", ["charge", "pay"])
def test_an_entity_is_found_by_the_name_of_today_and_by_that_of_then(said: str) -> None:
    today = SHOP.replace(b"def pay(self, x)", b"def charge(self, x, y)").replace(b"x * 2", b"x * 2 + y")
    found = put(SHOP, today, said)
    assert (found.data, found.name, found.old) == (SHOP, "Till.charge", "Till.pay")


def test_an_entity_is_found_in_the_file_that_it_was_moved_to() -> None:
    body = b"def pay(order):\n    total = order.sum()\n    return round(total, 2)\n"
    other = b"def ship(order):\n    return order.address\n"
    old = files({"shop.py": body + b"\n\n" + other})
    new = files({"shop.py": other, "till.py": b"X = 1\n\n\n" + body.replace(b", 2", b", 3")})
    found = graft(old, new, ["pay"])
    assert (found.path, found.data) == ("till.py", b"X = 1\n\n\n" + body)


@pytest.mark.parametrize(
    ("said", "begin", "end"),
    [
        ("one", b"def one", b"class Till"),
        ("pay", b"    def pay", b"    def other"),
        ("last", b"\n\ndef", b""),
    ],
)
def test_an_entity_that_is_gone_is_put_where_it_stood(said: str, begin: bytes, end: bytes) -> None:
    at = SHOP.rindex(begin)
    today = SHOP[:at] + (SHOP[SHOP.index(end) :] if end else b"")
    assert put(SHOP, today, said).data == SHOP


def test_what_has_no_neighbours_any_more_goes_to_the_end() -> None:
    assert put(SHOP, b"X = 1\n", "last").data == b"X = 1\n\n\ndef last():\n    return 9\n"


def test_line_ends_are_those_of_today() -> None:
    today = SHOP.replace(b"return 9", b"return 10").replace(b"\n", b"\r\n")
    assert put(SHOP, today, "last").data == SHOP.replace(b"\n", b"\r\n")


def test_indentation_is_that_of_today() -> None:
    old = b"def pay(x):\n    if x:\n        return 2\n    return x\n"
    new = b"class Till:\n    def pay(x):\n        if x:\n            return 3\n        return x\n"
    assert put(old, new, "pay").data == new.replace(b"return 3", b"return 2")


def test_other_languages_are_treated_alike() -> None:
    go = b"package a\n\n// Pay pays.\nfunc Pay() int {\n\treturn 1\n}\n\nfunc Other() {}\n"
    today = go.replace(b"// Pay pays.\n", b"").replace(b"return 1", b"return 2")
    assert put(go, today, "Pay", "a.go").data == go


def test_of_several_that_are_meant_none_is_chosen() -> None:
    old = b"class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 1\n"
    with pytest.raises(AuraError, match="cannot tell which f is meant") as met:
        put(old, old.replace(b"1", b"2"), "f")
    assert met.value.code == "invalid_request"
    assert put(old, old.replace(b"1", b"2"), "A.f").data == old.replace(b"1", b"2").replace(b"2", b"1", 1)


def test_of_namesakes_the_one_that_changed_is_meant() -> None:
    old = b"class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 5\n"
    assert put(old, old.replace(b"5", b"6"), "f").data == old


def test_what_the_snapshot_never_had_is_not_found() -> None:
    with pytest.raises(AuraError) as met:
        put(SHOP, SHOP + b"\n\ndef fresh():\n    return 1\n", "fresh")
    assert met.value.code == "entity_not_found"


def test_what_is_as_it_was_is_not_meant_where_a_namesake_is_not() -> None:
    old = b"def f():\n    return 1\n\n\nclass B:\n    def f(self):\n        return 5\n"
    today = old.replace(b"5", b"6")
    assert put(old, today, "f").data == old
    sides = files({"shop.py": old}), files({"shop.py": today})
    assert graft(*sides, ["shop.py:f", "B.f"]).data == old
    assert graft(*sides, ["nobody", "B.f"]).data == old
