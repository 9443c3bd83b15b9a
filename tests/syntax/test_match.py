import time
from collections.abc import Callable
from textwrap import indent

from hypothesis import given
from hypothesis import strategies as st

from aura.syntax.file import File
from aura.syntax.match import match

Changes = Callable[[str, str, str], list[tuple[str, str | None, str | None]]]

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


def test_two_functions_that_exchanged_names_are_told_by_their_content() -> None:
    before = f"def a(items, limit):{BODY}\n\ndef b(path):{OTHER}"
    after = f"def b(items, limit):{BODY}\n\ndef a(path):{OTHER}"
    assert pairs({"x.py": before}, {"x.py": after}) == {("x.py:a", "x.py:b"), ("x.py:b", "x.py:a")}


def test_a_namesake_that_calls_what_was_taken_out_of_it_stays_itself() -> None:
    before = f"def a(items, limit):{BODY}"
    after = f"def a(items, limit):\n    return b(items, limit)\n\n\ndef b(items, limit):{BODY}"
    assert pairs({"x.py": before}, {"x.py": after}) == {("x.py:a", "x.py:a")}


def test_a_namesake_stays_where_nobody_else_is_alike() -> None:
    before, after = f"def a(items, limit):{BODY}", f"def a(path):{OTHER}\n\ndef c(): pass\n"
    assert pairs({"x.py": before}, {"x.py": after}) == {("x.py:a", "x.py:a")}


def stack(name: str, push: str, pop: str) -> str:
    return f"class {name}:\n    def push(self, row):\n{push}\n    def pop(self):\n{pop}\n"


LIST = stack(
    "Base", "        self.rows.append(row)\n        self.seen += 1\n", "        return self.rows.pop()\n"
)
POP = "        cost, row = heappop(self.heap)\n        return row\n"
HEAP = stack("Base", "        heappush(self.heap, (row.cost, row))\n", POP)


def test_a_class_name_that_was_taken_over_goes_to_the_members_it_had() -> None:
    before = {"a.py": LIST.replace("Base", "Stack"), "b.py": HEAP.replace("Base", "Heap")}
    after = {"a.py": HEAP.replace("Base", "Stack"), "c.py": LIST.replace("Base", "Plain")}
    found = pairs(before, after)
    assert {("a.py:Stack", "c.py:Plain"), ("b.py:Heap", "a.py:Stack")} <= found
    assert {("a.py:Stack.push", "c.py:Plain.push"), ("b.py:Heap.pop", "a.py:Stack.pop")} <= found


def test_callers_vouch_for_a_function_that_was_rewritten_and_renamed() -> None:
    def source(name: str, body: str) -> str:
        callers = "".join(
            f"\n\ndef use{i}(found, limit):\n    rows = {name}(found, limit)\n    return rows[{i}]\n"
            for i in range(2)
        )
        return f"def {name}(found, limit):\n{body}{callers}"

    before = source(
        "scan", "    rows = []\n    for one in found:\n        rows.append(one)\n    return rows[:limit]\n"
    )
    after = source("head", "    rows = sorted(found, key=cost_of)\n    return rows[:limit]\n")
    assert ("x.py:scan", "x.py:head") in pairs({"x.py": before}, {"x.py": after})


def test_one_word_that_is_replaced_everywhere_renames_what_it_is_in() -> None:
    source = (
        "class Log:\n    def event_length(self):\n        return self.width\n\n"
        "    def has_event(self, event):\n        return event in self.events\n\n"
        "    def add(self, event):\n        self.events.append(event)\n        self.check(event)\n"
    )
    found = pairs({"x.py": source}, {"x.py": source.replace("event", "outcome")})
    assert {
        ("x.py:Log.event_length", "x.py:Log.outcome_length"),
        ("x.py:Log.has_event", "x.py:Log.has_outcome"),
    } <= found


def test_members_that_left_together_take_their_container_along() -> None:
    lines = "".join(f"    field{i} = {i}\n" for i in range(30))
    before = {"a.py": f"class A:\n    def total(self, items, limit):{BODY}\n{lines}"}
    after = {"b.py": f"class Q:\n    def total(self, items, limit):{BODY}\n    def rows(self, path):{OTHER}"}
    assert ("a.py:A", "b.py:Q") in pairs(before, after)


def test_a_file_that_moved_takes_its_namesakes_along() -> None:
    sources = [
        f"LIMIT = {i}\n\n\ndef main():\n    return LIMIT\n\n\ndef f{i}(items, limit):{BODY}" for i in (1, 2)
    ]
    before = {"a/one.py": sources[0], "a/two.py": sources[1]}
    after = {"b/one.py": sources[0], "b/two.py": sources[1]}
    found = {(a, b) for a, b in pairs(before, after) if a.endswith(("main", "LIMIT"))}
    assert found == {(f"a/{f}.py:{n}", f"b/{f}.py:{n}") for f in ("one", "two") for n in ("main", "LIMIT")}


def test_twenty_thousand_equal_functions_are_bounded() -> None:
    before, after = "def f():\n    return 1\n" * 20_000, "def g():\n    return 1\n" * 20_000
    start = time.process_time()
    files = [{"x.py": File.read("x.py", source.encode())} for source in (before, after)]
    middle = time.process_time()
    match(*files)
    assert time.process_time() - middle < 3 * (middle - start) + 1


NAMES = st.sampled_from("abcde")
LINES = st.sampled_from(["x = 1", "return a(b)", "for i in c:\n        d(i)", "with e:\n        pass"])
FUNCTIONS = st.builds(
    lambda name, body: f"def {name}(p):\n    " + "\n    ".join(body) + "\n\n\n",
    NAMES,
    st.lists(LINES, min_size=1, max_size=3),
)
WORDS = st.text("abcdefgh", min_size=3, max_size=3)
RICH = st.builds(
    lambda name, words: f"def {name}(p):\n    " + "\n    ".join(f"{w} = p.{w}" for w in words) + "\n\n\n",
    NAMES,
    st.lists(WORDS, min_size=4, max_size=6),
)
NESTED = st.builds(
    lambda head, name, inner: f"{head} {name}:\n" + indent("".join(inner), "    ") + "    x = 1\n\n\n",
    st.sampled_from(["class", "def"]),
    st.sampled_from(["a()", "b()", "C()", "D()"]),
    st.lists(FUNCTIONS | RICH, min_size=1, max_size=3),
)
SIDES = st.dictionaries(
    st.sampled_from(["m.py", "n.py", "o.py"]),
    st.lists(FUNCTIONS | RICH | NESTED, max_size=4).map("".join),
    max_size=3,
)


def matched(before: dict[str, str], after: dict[str, str]) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    sides = ({p: File.read(p, s.encode()) for p, s in side.items()} for side in (before, after))
    return [((a.path, a.index), (b.path, b.index)) for a, b in match(*sides).pairs]


@given(SIDES, SIDES)
def test_each_entity_is_in_one_pair_whatever_the_order_of_the_files(
    before: dict[str, str], after: dict[str, str]
) -> None:
    found = matched(before, after)
    assert len({a for a, _ in found}) == len({b for _, b in found}) == len(found)
    assert found == matched(dict(reversed(before.items())), dict(reversed(after.items())))


@given(SIDES)
def test_what_did_not_change_is_itself(side: dict[str, str]) -> None:
    assert all(a == b for a, b in matched(side, side))


def local(name: str, local_name: str, checks: str) -> str:
    head = f"def test_{name}():\n    made = deprecated('{name}')\n"
    return f"{head}    with {checks}:\n\n        class {local_name}(made):\n            pass\n"


def test_small_types_in_functions_stay_in_them_though_all_were_rewritten() -> None:
    names = {"first": "User", "second": "User", "third": "Other", "fourth": "User"}
    before = "\n\n".join(
        local(name, within, "warnings.catch(record=True) as w")
        + f"\n    w = mine(w)\n    assert len(w) == {count}\n    assert '{name}' in str(w[0].message)\n"
        for count, (name, within) in enumerate(names.items())
    )
    after = "\n\n".join(
        local(name, within, f"pytest.warns(Mine, match=r'{name} inherits from what is deprecated')")
        for name, within in names.items()
    )
    after = after.replace("class User(made):\n            pass", "made()", 1)
    after += "\n\n" + local("fifth", "User", "pytest.warns(Mine, match='fifth')")
    found = pairs({"x.py": before}, {"x.py": after})
    stayed = [f"x.py:test_{name}.{names[name]}" for name in ("second", "third", "fourth")]
    assert {(name, name) for name in stayed} <= found


def test_one_more_among_equal_namesakes_leaves_those_behind_it_alone(changes: Changes) -> None:
    def case(name: str, pending: str = "true") -> str:
        return (
            f'it("{name}", function () {{\n  run({{\n'
            "    title: function () {\n      return expected;\n    },\n"
            f"    isPending: function () {{\n      return {pending};\n    }},\n  }});\n}});\n"
        )

    before = "".join(map(case, "abc"))
    after = case("a") + case("new", "false") + case("b") + case("c")
    assert sorted(what for what, _, _ in changes("x.js", before, after)) == ["added", "added", "body_changed"]
    assert ("body_changed", "statements", "statements") in changes("x.js", before, after)


def test_an_object_is_what_its_name_is_bound_to_instead(changes: Changes) -> None:
    before = "const config = {\n  run() { return 2; },\n};\n"
    after = "const config = define({\n  run() { return 2; },\n});\n"
    assert changes("x.js", before, after) == [("signature_changed body_changed", "config", "config")]
    kept = "class A {\n  val f = object : B() {\n    override fun g() = 1\n  }"
    assert changes("x.kt", kept + "\n}\n", kept + ".safe()\n}\n") == [
        ("signature_changed body_changed", "A.f", "A.f")
    ]


def test_an_object_that_took_the_name_of_another_is_still_itself(changes: Changes) -> None:
    inside = (
        "  name: 'first',\n  load() { return read(this.name, limit, depth); },\n"
        "  save() { return write(this); },\n"
    )
    before = f"const one = {{\n{inside}}};\nconst two = 2;\n"
    after = f"const two = {{\n{inside}}};\n"
    assert ("renamed", "one", "two") in changes("x.js", before, after)


def test_a_class_that_gave_most_members_away_is_what_is_left_of_it() -> None:
    def method(name: str) -> str:
        return f"    def {name}(self):\n        assert check('{name}', self.{name}_rule)\n\n"

    stay, go = ("sequence", "verify", "order"), [f"collect{n}" for n in range(9)]
    before = "class VerifierTest:\n" + "".join(map(method, [*go, *stay]))
    after = "class VerifierTest:\n" + "".join(map(method, stay))
    moved = "class CollectorTest:\n" + "".join(map(method, go))
    found = pairs({"v.py": before}, {"v.py": after, "c.py": moved})
    assert ("v.py:VerifierTest", "v.py:VerifierTest") in found
    assert ("v.py:VerifierTest.collect1", "c.py:CollectorTest.collect1") in found
