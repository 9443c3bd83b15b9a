from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

PATH = "a.php"
SOURCE = """\
<html><?php
declare(strict_types=1);
namespace Shop\\Core;

use X\\Y;

const TOP = 1, NEXT = 2;

/** A box. */
#[Attr(1), Other]
final class Box extends Base implements IBox
{
    use T1, T2 { T1::foo insteadof T2; }
    #[X] private readonly ?int $a;
    public static $b, $c = 2;
    # A name.
    public const string NAME = 'x';
    const A1 = 1, A2 = 2;
    public string $hook { get => $this->x; set(string $v) { $this->x = $v; } }

    public function __construct(private int $x = 3, #[Y] protected readonly string $y, $z = null) { }

    // Runs.
    #[Route('/x')]
    final public static function run(int|string $a, ?Foo &$b = null, ...$rest): ?array
    {
        function inner($q) {}
        $f = function ($x) { };
        return [];
    }
    abstract protected function abs(): void;
    public function &ref() {}
}
interface IBox { const K = 1; public function bar(); }
trait T1 { abstract function z(); public $tp; }
enum Suit: string
{
    case Hearts = 'H';
    #[X] case Spades = 'S';
    const Wild = self::Spades;
    public function label(): string { return ''; }
}
function free(int $a, &$b, $c = [1, 2]): int { return 1; }
$anon = new class(1) extends Foo { public $v; function m() {} };
$closure = function ($x) use ($y) { return 1; };
$arrow = fn(int $x): int => $x;
if (!function_exists('cond')) { function cond() {} }
?>
<p>hi</p>
<?php function later() {} ?>
"""


def test_every_definition_is_an_entity() -> None:
    assert names(SOURCE, PATH) == [
        ("constant", "TOP"),
        ("constant", "NEXT"),
        ("class", "Box"),
        ("field", "Box.a"),
        ("field", "Box.b"),
        ("field", "Box.c"),
        ("field", "Box.NAME"),
        ("field", "Box.A1"),
        ("field", "Box.A2"),
        ("field", "Box.hook"),
        ("constructor", "Box.__construct"),
        ("method", "Box.run"),
        ("function", "Box.run.inner"),
        ("method", "Box.abs"),
        ("method", "Box.ref"),
        ("interface", "IBox"),
        ("field", "IBox.K"),
        ("method", "IBox.bar"),
        ("trait", "T1"),
        ("method", "T1.z"),
        ("field", "T1.tp"),
        ("enum", "Suit"),
        ("field", "Suit.Hearts"),
        ("field", "Suit.Spades"),
        ("field", "Suit.Wild"),
        ("method", "Suit.label"),
        ("function", "free"),
        ("object", "anon"),
        ("field", "anon.v"),
        ("method", "anon.m"),
        ("function", "closure"),
        ("function", "arrow"),
        ("function", "cond"),
        ("function", "later"),
        ("statements", "statements"),
    ]


def test_parameters_have_types_and_defaults() -> None:
    found = read(SOURCE, PATH)
    assert [(p.name, p.kind, p.annotation, p.default) for p in found["Box.run"].parameters] == [
        ("$a", "positional", "int|string", None),
        ("&$b", "positional", "?Foo", "null"),
        ("$rest", "variadic", None, None),
    ]
    assert found["Box.run"].result == "?array"
    assert [(p.name, p.annotation, p.default) for p in found["Box.__construct"].parameters] == [
        ("$x", "int", "3"),
        ("$y", "string", None),
        ("$z", None, "null"),
    ]
    assert found["arrow"].result == "int"


def test_attributes_and_modifiers_belong_to_their_definition() -> None:
    found = read(SOURCE, PATH)
    assert found["Box"].decorators == ("Attr(1)", "Other")
    assert found["Box"].modifiers == ("final",)
    assert found["Box.a"].decorators == ("X",)
    assert found["Box.a"].modifiers == ("private", "readonly")
    assert found["Box.run"].decorators == ("Route('/x')",)
    assert found["Box.run"].modifiers == ("final", "public", "static")
    assert found["Suit.Spades"].decorators == ("X",)


def test_an_attribute_on_the_same_line_is_no_comment() -> None:
    found = read("<?php enum E { case A; #[X] case B; }", PATH)
    assert found["E.B"].decorators == ("X",)


def test_ranges_include_comments_and_attributes() -> None:
    found = read(SOURCE, PATH)
    assert found["Box"].line == 9
    assert found["Box.NAME"].line == 16
    assert found["Box.run"].line == 23


def test_own_text_parses_by_itself() -> None:
    assert unparsed(SOURCE, PATH) == []


def test_ranges_nest() -> None:
    assert_ranges_nest(SOURCE, PATH)


def test_damaged_text_never_raises() -> None:
    assert_damage_never_raises(SOURCE, PATH)
