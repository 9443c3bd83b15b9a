"""The same refactorings come out in every language, over as many files as they touch."""

import pytest

from aura.syntax.diff import diff

Files = dict[str, str]
Found = set[tuple[str, str | None, str | None]]

SHAPE = "public interface Shape { double area(); String label(); }\n"
CIRCLE = """\
public class Circle implements Shape {
    public double area() { return Math.PI * r * r; }
    public String label() { return "circle"; }
    static class Cursor {
        int at;
        void advance(int by) { at += by; if (at > limit) { throw new EndException(at); } }
    }
}
"""
CURSOR = CIRCLE[CIRCLE.index("    static class") : -2]
CART = """\
class Cart(private val lines: List<Line>) {
    fun total(rate: Double): Double = lines.sumOf { it.price * it.quantity } * rate

    fun describe(): String = lines.joinToString { "${it.name} x${it.quantity}" }
}

fun load(path: String, owner: Customer): Cart {
    val lines = File(path).readLines().map { Line.parse(it) }
    return Cart(lines.filter { it.valid }, owner)
}
"""
LOAD = CART[CART.index("fun load") :]
STORE = """\
class Store {
  get(key) {
    const row = this.rows.find((r) => r.key === key);
    return row && row.value;
  }
}

function dump(store, indent) {
  return JSON.stringify(store.rows.map((row) => row.key), null, indent || 2);
}

const load = (path, options = {}) => {
  const text = fs.readFileSync(path, 'utf8');
  return parse(text, options);
};
"""
DUMP = STORE[STORE.index("function dump") : STORE.index("const load")]
METHOD = DUMP.strip().replace("function dump(store, indent)", "dump(indent)").replace("store.", "this.")


def edits(before: Files, after: Files) -> Found:
    found = diff(*({path: text.encode() for path, text in side.items()} for side in (before, after)))
    return {
        (e.changes[0], e.old and e.old.qualified_name, e.new and e.new.qualified_name)
        for e in found
        if e.kind not in ("statements", "constant", "field")
    }


def replaced(files: Files, old: str, new: str) -> Files:
    return {path.replace(old, new): text.replace(old, new) for path, text in files.items()}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            {"Shape.java": SHAPE, "Circle.java": CIRCLE},
            replaced({"Shape.java": SHAPE, "Circle.java": CIRCLE}, "area", "surface"),
            {("renamed", "Shape.area", "Shape.surface"), ("renamed", "Circle.area", "Circle.surface")},
            id="java: a method is renamed in an interface and where it is implemented",
        ),
        pytest.param(
            {"a/Circle.java": CIRCLE},
            replaced(replaced({"a/Circle.java": CIRCLE}, "a/Circle", "b/Circle"), "Circle", "Disc"),
            {("renamed", "Circle", "Disc")},
            id="java: a class is renamed and moved, its members go along",
        ),
        pytest.param(
            {"Circle.java": CIRCLE},
            {"Circle.java": CIRCLE.replace(CURSOR, ""), "Cursor.java": CURSOR.replace("static ", "")},
            {("moved", "Circle.Cursor", "Cursor")},
            id="java: an inner class becomes one of its own",
        ),
        pytest.param(
            {"Cart.kt": CART},
            {"Cart.kt": CART.replace(LOAD, ""), "io/Load.kt": LOAD},
            {("moved", "load", "load")},
            id="kotlin: a function moves to another file",
        ),
        pytest.param(
            {"Cart.kt": CART},
            replaced(replaced({"Cart.kt": CART}, "Cart", "Basket"), "describe", "summary"),
            {
                ("renamed", "Cart", "Basket"),
                ("renamed", "Cart.describe", "Basket.summary"),
                ("moved", "load", "load"),
            },
            id="kotlin: a class, one of its members and their file are renamed",
        ),
        pytest.param(
            {"store.js": STORE},
            {"store.js": STORE.replace(DUMP, "").replace("  get(", METHOD + "\n  get(")},
            {("moved", "dump", "Store.dump")},
            id="javascript: a function becomes a method",
        ),
        pytest.param(
            {"store.js": STORE},
            replaced({"store.js": STORE}, "load", "readRows"),
            {("renamed", "load", "readRows")},
            id="javascript: a function that a constant holds is renamed",
        ),
    ],
)
def test_a_refactoring_is_told_as_such(before: Files, after: Files, expected: Found) -> None:
    assert edits(before, after) == expected
