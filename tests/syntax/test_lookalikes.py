"""What only looks like a refactoring, or hides one, is not mistaken for another."""

import pytest

from aura.syntax.diff import diff

Files = dict[str, str]
Found = dict[str | None, tuple[str, str | None]]


def fates(before: Files, after: Files) -> Found:
    """Return what became of each function and type: its first change and its name after."""
    found = diff(*({path: text.encode() for path, text in side.items()} for side in (before, after)))
    return {
        (e.old or e.new).qualified_name if e.old else f"+ {e.new.qualified_name}": (  # type: ignore[union-attr]
            e.changes[0],
            e.new and e.new.qualified_name,
        )
        for e in found
        if e.kind not in ("statements", "constant", "field")
    }


VALIDATOR = """\
    public static class ExampleValidator extends Validator {
        private static final String CALLED = "validator was called";
        public List<Exception> validateClass(TestClass type) {
            return asList(new Exception(CALLED));
        }
        public List<Exception> validateField(FrameworkField field) {
            return asList(new Exception(field.getName()));
        }
    }
"""
RUNNER_TEST = f"""\
public class RunnerTest {{
    public void runs() {{ assertThat(run(Example.class), isSuccessful()); }}
{VALIDATOR}
    private void check(Class<?> type) {{ new Runner(type).collect(errors); }}
}}
"""
VALIDATOR_TEST = f"""\
public class ValidatorTest {{
{VALIDATOR}
}}
"""
REMOVE = """\
def remove_escape(text, which=("\\n", "\\t")):
    for escape in which:
        text = text.replace(escape, "")
    return to_unicode(text)
"""
AXIOS = """\
function Axios(defaults) {
  this.defaults = defaults;
  this.interceptors = { request: new Manager(), response: new Manager() };
}
"""
REPORT = """\
        var report = "start: $start, at most ${results.worstStart} ms, exec: $exec"
        if (!results.isOk) report += "failed"
        text.value = report
        val color = if (!results.isOk) colors.red else colors.green
        text.setColor(resources.getColor(color))
"""
ACTIVITY = f"""\
class Activity : Base() {{
    override fun onCreate(state: Bundle?) {{
        super.onCreate(state)
        setContentView(layout.main)
        title = "First"
        val (start, exec) = runAll(this)
        val text = find<Text>(id.text)
{REPORT}
    }}
}}
"""
ACTIVITY_PARTED = f"""\
class Activity : Base() {{
    override fun onCreate(state: Bundle?) {{
        super.onCreate(state)
        setContentView(layout.main)
        title = "First"
    }}

    override fun onStart() {{
        super.onStart()
        extractResults()
    }}

    private fun extractResults() {{
        val (start, exec) = results!!
        val text = find<Text>(id.text)
{REPORT}
    }}
}}
"""
KOIN = """\
class Koin:
    def create(self):
        self.registry.create_all()

    def load(self, modules):
        self.registry.load(modules)
"""
KOIN_APP = """\
class App:
    def create(self):
        if self.koin.logger.level == DEBUG:
            self.koin.logger.debug("create eager instances")
            duration = measured(self.koin.create())
            self.koin.logger.debug("eager instances created in", duration)
        else:
            self.koin.create()
"""
ANSWER = """\
        request = Request("http://example.com")
        body = "<p>You are being redirected</p>"
        answer = Response(request.url, status=302, body=body, headers={"Location": "/login"})
"""
PLAIN = """\
class DefaultsTest(ManagerTest):
    def test_plain(self):
        request = Request("http://example.com/index.html")
        self.assertTrue(self.download(request, Response(request.url)))
"""
GZIPPED = f"""\
{PLAIN}

class GzippedTest(ManagerTest):
    def test_gzipped(self):
{ANSWER}
        result = self.download(request, answer)
        self.assertTrue(isinstance(result, Request), "not redirected")
"""
GZIPPED_ANEW = f"""\
{PLAIN}
    def test_redirects_what_is_no_gzip(self):
        \"\"\"A regression happened when a compressed request was redirected.

        The middleware for compression comes before that for redirection, and tries to unpack the body of an
        answer that says to be packed and is not, as some servers send them with a status of 302.
        \"\"\"
{ANSWER}
        result = self.download(request, answer)
        self.assertTrue(isinstance(result, Request), "not redirected")

    def test_fails_for_what_is_no_gzip(self):
{ANSWER.replace("302", "200")}
        self.assertRaises(IOError, self.download, request, answer)
"""
REQUEST = """\
public class Request {
    private Object target;
    public Supplier supplier() {
        final Class<?> type = target.getClass();
        return new Supplier() {
            public List<Source> getSources(Object test, Signature sig) {
                List<Source> list = new ArrayList<Source>();
                for (final Field field : type.getFields()) {
                    if (sig.canAccept(field.getType())) {
                        list.add(Source.of(field.get(test)));
                    }
                }
                return list;
            }
        };
    }
}
"""
FIELD_SUPPLIER = """\
public class FieldSupplier extends Supplier {
    private final Class<?> fClass;
    public FieldSupplier(Class<?> type) { fClass = type; }
    public List<Source> getSources(Signature sig) {
        List<Source> list = new ArrayList<Source>();
        for (final Field field : fClass.getFields()) {
            if (sig.canAccept(field.getType())) {
                list.add(Source.of(field.get(null)));
            }
        }
        return list;
    }
}
"""
MEMBER = """\
public abstract class Member {
    public abstract boolean isPublic();
    public abstract boolean isStatic();
}
"""
FIELD = """\
public class FieldMember extends Member {
    private final Field fField;

    @Override
    public boolean isPublic() {
        int modifiers = fField.getModifiers();
        return Modifier.isPublic(modifiers);
    }

    @Override
    public boolean isStatic() {
        int modifiers = fField.getModifiers();
        return Modifier.isStatic(modifiers);
    }
}
"""
METHOD = """\
public class MethodMember extends Member {
    private final Method fMethod;

    /** Returns true if this method is static, false if not */
    @Override
    public boolean isStatic() {
        return Modifier.isStatic(fMethod.getModifiers());
    }

    /** Returns true if this method is public, false if not */
    @Override
    public boolean isPublic() {
        return Modifier.isPublic(fMethod.getModifiers());
    }
}
"""
MEMBERS = {"Member.java": MEMBER, "FieldMember.java": FIELD, "MethodMember.java": METHOD}
PULLED_UP = {
    "Member.java": """\
public abstract class Member {
    protected abstract int getModifiers();

    /** Returns true if this member is static, false if not. */
    public boolean isStatic() {
        return Modifier.isStatic(getModifiers());
    }

    /** Returns true if this member is public, false if not. */
    public boolean isPublic() {
        return Modifier.isPublic(getModifiers());
    }
}
""",
    "FieldMember.java": """\
public class FieldMember extends Member {
    private final Field fField;

    @Override
    protected int getModifiers() {
        return fField.getModifiers();
    }
}
""",
    "MethodMember.java": """\
public class MethodMember extends Member {
    private final Method fMethod;

    @Override
    protected int getModifiers() {
        return fMethod.getModifiers();
    }
}
""",
}
NAMES = """\
/**
 * An annotation that indicates the field can be represented in JSON with multiple possible alternative names.
 * The format recognizes this annotation and is able to decode the data using any of the alternative names.
 * Unlike the annotation that gives a name, it does not affect the encoding in any way.
 */
@Target(AnnotationTarget.PROPERTY)
annotation class JsonNames(vararg val names: String)
"""
ANNOTATIONS = """\
annotation class JsonNames(vararg val names: String)

/** Tells the key of the class discriminator that is used when a sealed base class is encoded. */
annotation class JsonDiscriminator(val discriminator: String)
"""
UTILS = '''\
def normalize_key(value, lower, encoding=None):
    """Coerce a string into a strictly byte-wise header key."""
    if isinstance(value, bytes):
        bytes_value = value
    else:
        bytes_value = value.encode(encoding or "ascii")
    return bytes_value.lower() if lower else bytes_value


def normalize_value(value, encoding=None):
    """Coerce a string into a strictly byte-wise header value."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"Header value must be str or bytes, not {type(value)}")
    return value.encode(encoding or "ascii")


def guess(data):
    return "utf-8" if data[:3] == BOM else None
'''
KEY, VALUE, GUESS = UTILS.split("\n\n\n")
MODELS = '''\
def _normalize_key(key, encoding=None):
    """Coerce a string into a strictly byte-wise header key."""
    return key if isinstance(key, bytes) else key.encode(encoding or "ascii")
'''
CLASS = "class Headers:\n    def __init__(self, raw):\n        self.raw = raw\n"
SET = """\
class LinkedSetSerializer<E>(element: Serializer<E>) : ListLikeSerializer<E, Set<E>>(element) {
    override val descriptor: Descriptor = LinkedSetDescriptor(element.descriptor)
    override fun Set<E>.collectionSize(): Int = size
    override fun builder(): LinkedHashSet<E> = linkedSetOf()
}
"""
BASE_OF_SET = """\
abstract class CollectionSerializer<E, C: Collection<E>>(of: Serializer<E>) : ListLikeSerializer<E, C>(of) {
    override fun C.collectionSize(): Int = size
}
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            {"RunnerTest.java": RUNNER_TEST},
            {"RunnerTest.java": RUNNER_TEST.replace(VALIDATOR, ""), "ValidatorTest.java": VALIDATOR_TEST},
            {"RunnerTest.ExampleValidator": ("moved", "ValidatorTest.ExampleValidator")},
            id="an inner class that moves is not the class that it is in afterwards",
        ),
        pytest.param(
            {"Request.java": REQUEST},
            {
                "Request.java": REQUEST.partition("    public Supplier")[0] + "}\n",
                "S.java": FIELD_SUPPLIER,
            },
            {
                "Request.supplier": ("deleted", None),
                "Request.supplier.getSources": ("moved", "FieldSupplier.getSources"),
            },
            id="a method of an anonymous class moves out of the method that made it",
        ),
        pytest.param(
            MEMBERS,
            PULLED_UP,
            {
                "MethodMember.isStatic": ("moved", "Member.isStatic"),
                "MethodMember.isPublic": ("moved", "Member.isPublic"),
                "FieldMember.isStatic": ("deleted", None),
                "FieldMember.isPublic": ("deleted", None),
            },
            id="of what several classes had and one has now, none becomes the helper that it calls",
        ),
        pytest.param(
            {"Names.kt": NAMES},
            {"Annotations.kt": ANNOTATIONS},
            {"JsonNames": ("moved", "JsonNames")},
            id="what is said about a type and lost on the way does not hide that it moved",
        ),
        pytest.param(
            {"utils.py": UTILS, "models.py": CLASS},
            {
                "utils.py": GUESS,
                "models.py": f"{MODELS}\n\n{VALUE.replace('normalize', '_normalize')}\n\n\n{CLASS}",
            },
            {
                "normalize_key": ("renamed", "_normalize_key"),
                "normalize_value": ("renamed", "_normalize_value"),
            },
            id="a function that was rewritten goes where its neighbour went",
        ),
        pytest.param(
            {"Sets.kt": SET},
            {
                "Sets.kt": BASE_OF_SET
                + SET.replace("ListLike", "Collection").replace(
                    "    override fun Set<E>.collectionSize(): Int = size\n", ""
                )
            },
            {"LinkedSetSerializer.Set.collectionSize": ("moved", "CollectionSerializer.C.collectionSize")},
            id="a small member is pulled up into what its class inherits from",
        ),
        pytest.param(
            {
                "watch.js": "module.exports = function (paths, fn) {\n"
                "  paths.forEach(function (path) {\n    watchFile(path, () => fn(path));\n  });\n};\n"
            },
            {
                "utils.js": "exports.watch = function (files, done) {\n"
                "  files.forEach(function (path) {\n    watchFile(path, () => done(path));\n  });\n};\n"
            },
            {"exports": ("renamed", "watch")},
            id="a function whose parameter is renamed, too, is the same function",
        ),
        pytest.param(
            {"markup.py": REMOVE},
            {
                "markup.py": REMOVE.replace("remove_escape", "replace_escape").replace('""', "by")
                + "\n\nremove_escape = replace_escape\n"
            },
            {"remove_escape": ("renamed", "replace_escape")},
            id="a function goes with its text, though its name is bound to something yet",
        ),
        pytest.param(
            {"a.kt": ACTIVITY},
            {"a.kt": ACTIVITY_PARTED},
            {
                "Activity.onCreate": ("body_changed", "Activity.onCreate"),
                "+ Activity.extractResults": ("extracted", "Activity.extractResults"),
            },
            id="what gave most of itself away stays itself where all that is left was its own",
        ),
        pytest.param(
            {"axios.js": AXIOS},
            {"core/Axios.js": AXIOS, "axios.js": "var Axios = require('./core/Axios');\n"},
            {"Axios": ("moved", "Axios")},
            id="a function moves, though its name is imported where it was",
        ),
        pytest.param(
            {"koin.py": KOIN, "app.py": KOIN_APP},
            {
                "koin.py": KOIN.replace(
                    "        self.registry.create_all()\n",
                    KOIN_APP.partition("(self):\n")[2].replace(
                        "self.koin.create", "self.registry.create_all"
                    ),
                )
            },
            {"Koin.create": ("body_changed", "Koin.create"), "App.create": ("deleted", None)},
            id="what took in more stays itself where its own text is still there",
        ),
        pytest.param(
            {"test_a.py": GZIPPED},
            {"test_a.py": GZIPPED_ANEW},
            {"GzippedTest.test_gzipped": ("renamed", "DefaultsTest.test_redirects_what_is_no_gzip")},
            id="documentation does not hide what the code is",
        ),
    ],
)
def test_the_right_one_is_found(before: Files, after: Files, expected: Found) -> None:
    found = fates(before, after)
    assert {name: found.get(name) for name in expected} == expected


def test_another_module_that_is_imported_is_not_the_former_one_renamed() -> None:
    before = b"var forEach = require('./forEach');\n\nforEach(1);\nforEach(2);\n"
    after = b"var utils = require('./utils');\n\nutils.forEach(1);\nutils.forEach(2);\n"
    found = diff({"a.js": before}, {"a.js": after})
    assert {e.changes[0] for e in found if e.kind == "constant"} == {"added", "deleted"}
    respelled = before.replace(b"forEach", b"for_each")
    [edit] = [e for e in diff({"a.js": before}, {"a.js": respelled}) if e.kind == "constant"]
    assert edit.changes[0] == "renamed"


def test_overloads_are_told_apart_by_text_and_parameters() -> None:
    many = [", ".join(f"T{place}" for place in range(1, size + 1)) for size in range(4)]
    plain = [f"fun of(make: ({types}) -> R): Any = plain {{ new(make) }}\n" for types in many]
    named = [f"fun of(by: By, make: ({types}) -> R): Any = bound(by) {{ new(make) }}\n" for types in many]
    after = [
        f"fun of(make: ({types}) -> R, by: By? = null): Any = bound(by) {{ new(make) }}\n" for types in many
    ]
    before = "\n".join(one for pair in zip(named, plain, strict=True) for one in pair)
    found = diff({"of.kt": before.encode()}, {"of.kt": "\n".join(after).encode()})
    lines = [(edit.old.line, edit.new and edit.new.line) for edit in found if edit.old]
    assert sorted(lines) == sorted(
        [(1 + 4 * place, 1 + 2 * place) for place in range(4)] + [(3 + 4 * place, None) for place in range(4)]
    )


def test_a_member_that_goes_along_with_its_type_is_not_taken_for_extracted() -> None:
    path = "/** A path. */\n@Retention(RUNTIME)\npublic @interface Path {\n  String value();\n}\n"
    before = {"Path.java": path}
    after = {
        "Post.java": path.replace("Path", "Post"),
        "Get.java": "/** Makes a GET request. */\npublic @interface Get {\n  String value();\n}\n",
    }
    assert "extracted" not in {change for change, _ in fates(before, after).values()}


TYPES = ("boolean", "long", "int", "short", "char", "byte")


def _whole(kind: str) -> str:
    return f"""\
    public void test{kind.title()}() {{
        assertEquals({kind}_EMPTY, nullToEmpty(({kind}[]) null));
        final {kind}[] original = new {kind}[] {{1, 2}};
        assertEquals(original, nullToEmpty(original));
{_rest(kind)}    }}
"""


def _rest(kind: str) -> str:
    return f"""\
        final {kind}[] empty = new {kind}[] {{}};
        final {kind}[] result = nullToEmpty(empty);
        assertEquals({kind}_EMPTY, result);
        assertTrue(empty != result);
"""


def _parted(kind: str) -> str:
    part = f"    public void test{kind.title()}EmptyArray() {{\n{_rest(kind)}    }}\n"
    return part + _whole(kind).replace(_rest(kind), "")


def test_of_many_that_were_parted_alike_each_part_is_of_its_own_whole() -> None:
    before, after = ("".join(map(text, TYPES)) for text in (_whole, _parted))
    sides = [{"T.java": f"class T {{\n{text}}}\n".encode()} for text in (before, after)]
    extracted = [edit for edit in diff(*sides) if "extracted" in edit.changes]
    origins = {edit.new.name: [r.name for r in edit.related] for edit in extracted if edit.new}
    assert origins == {f"test{kind.title()}EmptyArray": [f"test{kind.title()}"] for kind in TYPES}


def test_a_function_inside_another_is_not_taken_for_a_method_that_became_the_other() -> None:
    before = {
        "ops.py": "class LogOperations:\n    base = 2\n\n    def add_reduce(self, x):\n"
        '        """Return the logarithm of a sum of logarithms, given the logarithms of what is added."""\n'
        "        if len(x) == 0:\n            return -inf\n"
        "        if self.base == 2:\n            return logaddexp2.reduce(x, dtype=float)\n"
        "        elif self.base == e:\n            return logaddexp.reduce(x, dtype=float)\n"
        "        return logaddexp2.reduce(x * log2(self.base), dtype=float) / log2(self.base)\n"
    }
    after = {
        "ops.py": "def set_add_reduce(ops):\n"
        '    """Return the logarithm of a sum of logarithms, given the logarithms of what is added."""\n'
        "    if ops.base == 2:\n        def add_reduce(self, x):\n"
        "            if len(x) == 0:\n                return -inf\n"
        "            return logaddexp2.reduce(x, dtype=float)\n"
        "    elif ops.base == e:\n        def add_reduce(self, x):\n"
        "            if len(x) == 0:\n                return -inf\n"
        "            return logaddexp.reduce(x, dtype=float)\n"
        "    else:\n        def add_reduce(self, x):\n"
        "            if len(x) == 0:\n                return -inf\n"
        "            return logaddexp2.reduce(x * log2(self.base), dtype=float) / log2(self.base)\n"
        "    ops.add_reduce = MethodType(add_reduce, ops)\n\n\n"
        "class LogOperations:\n    base = 2\n"
    }
    assert fates(before, after)["LogOperations.add_reduce"] == ("renamed", "set_add_reduce")


def _adder(name: str, parameter: str, field: str, said: str) -> str:
    return f"""\
/**
 * {said}
 *
 * @param {{Step}} {parameter}
 * @return {{Plan}} for chaining
 */

Plan.prototype.{name} = function({parameter}) {{
  this.{field}.push({parameter});
  return this;
}};
"""


def _binding(first: str, last: str) -> str:
    return f"""\
function bind(plan, hooks) {{
  plan.{first}(hooks.first);
}}

function bindLast(plan, hooks) {{
  plan.{last}(hooks.last);
}}
"""


def test_two_that_are_much_alike_and_are_called_otherwise_now_are_renamed() -> None:
    before = {
        "plan.js": _adder("addOpening", "opening", "opening", "Add an `opening`.")
        + _adder("addClosing", "closing", "closing", "Add a `closing`."),
        "bind.js": _binding("addOpening", "addClosing"),
    }
    after = {
        "plan.js": _adder("beforeAll", "step", "beforeAllSteps", "Run `step(plan)` before all checks.")
        + _adder("afterAll", "step", "afterAllSteps", "Run `step(plan)` after all checks."),
        "bind.js": _binding("beforeAll", "afterAll"),
    }
    found = fates(before, after)
    assert found["Plan.addOpening"] == ("renamed", "Plan.beforeAll")
    assert found["Plan.addClosing"] == ("renamed", "Plan.afterAll")


def _format(name: str, setting: str, telling: str) -> str:
    called = name[0].upper() + name[1:]
    return f"""\
public class Format {{
    private String {name};
    {setting}
    public Format with{called}(final String {name}) {{
        this.{name} = {name};
        return this;
    }}
    {telling}
    public String get{called}() {{
        return {name};
    }}
}}
"""


def test_short_methods_that_are_documented_anew_under_names_much_like_theirs_are_renamed() -> None:
    before = _format(
        "nullToText",
        "/**\n * Sets the text to write for null values.\n *\n * @param nullToText\n"
        " *            the text to write for null values\n * @return this builder with the given text\n */",
        "/**\n * Tells what is written for null values.\n *\n * @return the text to write for them\n */",
    )
    after = _format(
        "nullText",
        "/**\n * Performs conversions from and to null on input and output.\n * <ul>\n"
        " * <li><strong>Reading:</strong> fields equal to {@code nullText} become {@code null}.</li>\n"
        " * <li><strong>Writing:</strong> {@code null} becomes {@code nullText}.</li>\n * </ul>\n */",
        "/**\n * Returns what stands for an absent value, in both directions; none where it is null.\n */",
    )
    found = fates({"Format.java": before}, {"Format.java": after})
    assert found["Format.withNullToText"] == ("renamed", "Format.withNullText")
    assert found["Format.getNullToText"] == ("renamed", "Format.getNullText")


def test_a_type_half_of_whose_members_are_gone_went_into_no_other() -> None:
    handler = """\
interface Handler {{
  fun handle(name: String): String
  companion object {{
{}  }}
}}
"""
    guess = """\
    fun guess(name: String): String {
      val parts = name.split('/')
      return parts.last()
    }
"""
    after_slash = """\
    fun afterSlash(name: String, mark: Char): String {
      val at = name.lastIndexOf(mark)
      return if (at < 0) name else name.substring(at + 1)
    }
"""
    names = "object Names {\n  fun other(): Int = 1\n"
    before = {"Handler.kt": handler.format(guess + after_slash), "Names.kt": names + "}\n"}
    after = {
        "Handler.kt": "interface Handler {\n  fun handle(name: String): String\n}\n",
        "Names.kt": names + after_slash + "}\n",
    }
    assert fates(before, after)["Handler.Companion"] == ("deleted", None)
