"""What was extracted, inlined, split and merged names the other side and the range that was copied."""

import pytest

from aura.syntax.diff import diff
from aura.syntax.types import Edit

LOOP = """\
    total = 0
    for item in items:
        if item.price > limit and item.kind != "gift":
            total += item.price * item.count
"""
WRITE = """\
    with open(path, "w", encoding="utf-8") as stream:
        for name, value in sorted(rows.items()):
            stream.write(f"{name}={value}\\n")
"""
WHOLE = f"def report(items, limit, path, rows):\n{LOOP}{WRITE}    return round(total, 2)\n"
CALL = WHOLE.replace(LOOP, "    total = gross(items, limit)\n")
TAKEN = f"\n\ndef gross(items, limit):\n{LOOP}    return total\n"


def edits(before: dict[str, str], after: dict[str, str]) -> dict[str, Edit]:
    """The edits by the name after, or before where there is none after."""
    found = diff(*({path: text.encode() for path, text in side.items()} for side in (before, after)))
    return {side.qualified_name: edit for edit in found if (side := edit.new or edit.old)}


def copied(edit: Edit, source: str) -> str:
    (related,) = edit.related
    assert related.copied is not None
    lines = source.count("\n", 0, related.copied.start) + 1, source.count("\n", 0, related.copied.end) + 1
    assert lines == (related.copied.line, related.copied.end_line)
    return source[related.copied.start : related.copied.end]


def test_an_extraction_names_its_source_and_the_range_in_it() -> None:
    edit = edits({"a.py": WHOLE}, {"a.py": CALL + TAKEN})["gross"]
    assert edit.changes == ("extracted",)
    assert copied(edit, WHOLE).split() == LOOP.split()


def test_an_inlining_names_its_target_and_the_range_in_it() -> None:
    edit = edits({"a.py": CALL + TAKEN}, {"a.py": WHOLE})["gross"]
    assert edit.changes == ("inlined",)
    assert copied(edit, WHOLE).split() == LOOP.split()


def test_what_is_newly_called_and_holds_other_words_was_not_extracted() -> None:
    other = "\n\ndef gross(items, limit):\n    return sum(map(price_of, items)) if limit else None\n"
    assert edits({"a.py": WHOLE}, {"a.py": CALL + other})["gross"].changes == ("added",)


def test_a_function_in_two_parts_was_split() -> None:
    parts = f"def gross(items, limit):\n{LOOP}    return total\n\n\ndef store(path, rows):\n{WRITE}"
    found = edits({"a.py": WHOLE}, {"a.py": parts})
    (split,) = (edit for edit in found.values() if "split" in edit.changes)
    (part,) = (edit for edit in found.values() if edit.changes == ("extracted",))
    assert split.old is not None
    assert split.new is not None
    assert part.new is not None
    assert (split.old.name, {split.new.name, part.new.name}) == ("report", {"gross", "store"})
    assert [r.name for r in split.related] == [part.new.name]
    assert [r.name for r in part.related] == ["report"]


PARSE = '    public Row parse(String line) { return new Row(line.split(","), counter.next()); }\n'
CLEAN = "    public String clean(String line) { return line.trim().replace(quote, empty).toLowerCase(); }\n"
SEEN = "    public int seen() { return seen; }\n"
READER = f"public class Reader {{\n    private int seen;\n{PARSE}{CLEAN}{SEEN}}}\n"


@pytest.mark.parametrize("header", ["class Reader extends Base", "class Reader"])
def test_a_type_made_of_members_of_another_was_extracted(header: str) -> None:
    after = {
        "Reader.java": READER.replace(PARSE, "").replace(CLEAN, "").replace("class Reader", header),
        "Base.java": f"public class Base {{\n{PARSE}{CLEAN}}}\n",
    }
    found = edits({"Reader.java": READER}, after)
    assert found["Base"].changes == ("extracted",)
    assert [r.name for r in found["Base"].related] == ["Reader"]
    assert found["Base.parse"].changes == ("moved",)
    assert copied(found["Base"], READER).split() == (PARSE + CLEAN).split()


def test_a_type_whose_members_went_into_another_was_inlined() -> None:
    before = {
        "Reader.java": READER.replace(PARSE, "").replace(CLEAN, ""),
        "Base.java": f"public class Base {{\n{PARSE}{CLEAN}}}\n",
    }
    found = edits(before, {"Reader.java": READER})
    assert found["Base"].changes == ("inlined",)
    assert [r.name for r in found["Base"].related] == ["Reader"]


def test_an_interface_with_the_members_of_a_class_was_extracted_from_it() -> None:
    after = {
        "Reader.java": READER.replace("class Reader", "class Reader implements Source"),
        "Source.java": "public interface Source {\n    Row parse(String line);\n    int seen();\n}\n",
    }
    found = edits({"Reader.java": READER}, after)
    assert found["Source"].changes == ("extracted",)
    assert [r.name for r in found["Source"].related] == ["Reader"]


def test_what_was_pulled_up_from_two_types_moved_from_one_and_left_the_other() -> None:
    def named(name: str, body: str) -> str:
        return f"class {name} extends Base {{\n{body}    int {name.lower()}() {{ return 1; }}\n}}\n"

    before = {"A.java": named("A", PARSE), "B.java": named("B", PARSE), "Base.java": "class Base {\n}\n"}
    after = {"A.java": named("A", ""), "B.java": named("B", ""), "Base.java": f"class Base {{\n{PARSE}}}\n"}
    found = diff(*({path: text.encode() for path, text in side.items()} for side in (before, after)))
    kinds = sorted((e.changes, [r.qualified_name for r in e.related]) for e in found if e.kind == "method")
    assert kinds == [(("inlined",), ["Base.parse"]), (("moved",), [])]
