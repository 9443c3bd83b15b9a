from aura.syntax.file import File
from aura.syntax.match import match

BODY = """
    total = 0
    for item in items:
        if item.price > limit and item.kind != "gift":
            total += item.price * item.count
    return round(total, 2)
"""
OTHER = """
    with open(path, encoding="utf-8") as stream:
        rows = [line.strip().split(",") for line in stream]
    header, *rest = rows
    return [dict(zip(header, row)) for row in rest if len(row) == len(header)]
"""


def pairs(before: dict[str, str], after: dict[str, str]) -> set[tuple[str, str]]:
    sides = ({p: File.read(p, s.encode()) for p, s in side.items()} for side in (before, after))
    found = match(*sides)
    return {
        (f"{a.path}:{a.entity.qualified_name}", f"{b.path}:{b.entity.qualified_name}") for a, b in found.pairs
    }


def test_one_name_in_one_place_is_one_entity() -> None:
    assert pairs({"a.py": "def f(): pass\n"}, {"a.py": "def f(): return 1\n"}) == {("a.py:f", "a.py:f")}


def test_a_renamed_function_is_found_by_its_body() -> None:
    before, after = f"def total(items, limit):{BODY}", f"def gross(items, limit, gifts=()):{BODY}"
    assert pairs({"a.py": before}, {"a.py": after}) == {("a.py:total", "a.py:gross")}


def test_a_moved_and_edited_function_is_found_across_files() -> None:
    before = {"a.py": f"def total(items, limit):{BODY}\ndef rows(path):{OTHER}", "b.py": "x = 1\n"}
    after = {
        "a.py": f"def rows(path):{OTHER}",
        "b.py": f"x = 1\ndef total(items, limit):{BODY.replace('2', '3')}",
    }
    assert ("a.py:total", "b.py:total") in pairs(before, after)


def test_a_name_that_was_taken_over_goes_to_its_content() -> None:
    before = f"def a(items, limit):{BODY}\n\ndef c(path):{OTHER}"
    after = f"def b(items, limit):{BODY}\n\ndef a(path):{OTHER}"
    assert pairs({"x.py": before}, {"x.py": after}) == {("x.py:a", "x.py:b"), ("x.py:c", "x.py:a")}


CART = """\
class Cart:
    def total(self):
        return sum(item.price * item.count for item in self.items)

    def x(self):
        pass
"""
SESSION = """\
package a

type Session struct {
	key   string
	token int
}

func (s *Session) Key() string { return s.key }
"""


def test_members_follow_a_renamed_class() -> None:
    assert pairs({"a.py": CART}, {"a.py": CART.replace("Cart", "Basket")}) == {
        ("a.py:Cart", "a.py:Basket"),
        ("a.py:Cart.total", "a.py:Basket.total"),
        ("a.py:Cart.x", "a.py:Basket.x"),
    }


def test_overloads_are_paired_by_text_then_parameters() -> None:
    before = {"A.java": "class A { void f(int a) { x(); } void f(String b) { y(); } }\n"}
    after = {"A.java": "class A { void f(long n) {} void f(String b) { z(); } void f(int a) { x(); } }\n"}
    files = [{p: File.read(p, s.encode()) for p, s in side.items()} for side in (before, after)]
    found = {
        (a.entity.ordinal, b.entity.ordinal) for a, b in match(*files).pairs if a.entity.kind == "method"
    }
    assert found == {(0, 2), (1, 1)}


def test_go_methods_follow_their_renamed_type() -> None:
    found = pairs({"a.go": SESSION}, {"a.go": SESSION.replace("Session", "Conn")})
    assert ("a.go:Session.Key", "a.go:Conn.Key") in found


def test_the_rest_of_a_renamed_file_goes_along() -> None:
    source = f"import os\n\n\ndef total(items, limit):{BODY}"
    assert pairs({"a.py": source}, {"b.py": source}) == {
        ("a.py:total", "b.py:total"),
        ("a.py:statements", "b.py:statements"),
    }


def test_a_renamed_text_file_is_found_by_its_lines() -> None:
    text = "".join(f"line {i}\n" for i in range(20))
    assert pairs({"a.txt": text}, {"b.txt": text + "more\n"}) == {("a.txt:a.txt", "b.txt:b.txt")}


def test_unlike_functions_are_not_paired() -> None:
    assert pairs({"a.py": f"def a(items, limit):{BODY}"}, {"a.py": f"def b(path):{OTHER}"}) == set()
