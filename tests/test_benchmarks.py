"""Each benchmark runs, on a small scale; how fast things are is not for a test to say."""

import json
import sys
from pathlib import Path

import pytest

COMPARED = {
    "diff-cold": 3,
    "diff-cached": 3,
    "rename": 1,
    "stdlib": 1,
    "post-intents": 4,
    "cli-start": 2,
    "hooks": 1,
    "agent-hooks": 3,
    "list-million": 2,
    "sse": 0,
    "rest": 0,
    "callers": 1,
    "trees": 0,
    "saves": 0,
    "snapshot": 2,
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `benchmarks` importable, in a folder without a repository: the history is the synthetic one."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", COMPARED)
def test_a_benchmark_gives_its_ratios_and_bars(name: str) -> None:
    from benchmarks import BENCHMARKS
    from benchmarks.figures import Settings

    if name in ("rest", "trees") and not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    figures = BENCHMARKS[name](Settings(scale=0.01))
    assert BENCHMARKS.keys() == COMPARED.keys() | {"others"}
    assert sum(figure.ratio is not None for figure in figures) == COMPARED[name]
    assert any(figure.bar for figure in figures)
    assert [figure.ratio for figure in figures if figure.what == "kept"] in ([], [1.0])


def test_other_tools_are_measured_where_they_are_installed() -> None:
    from benchmarks.figures import Settings
    from benchmarks.others import TOOLS, run

    figures = run(Settings(scale=0.02))
    assert [figure.beside_what for figure in figures if figure.unit == "s" and figure.ratio] == [
        name for name, tell in TOOLS.items() if tell
    ]


def test_results_are_printed_as_a_table_or_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.__main__ import main

    main(["sse", "--scale", "0.01"])
    assert capsys.readouterr().out.startswith("benchmark")
    main(["sse", "--scale", "0.01", "--json"])
    assert json.loads(capsys.readouterr().out)[0]["bar"] == "<= 50"


def test_a_bar_is_for_the_ratio_where_there_is_one() -> None:
    from benchmarks.figures import Bar, Figure, table

    fast = Figure("x", 1.0, "s", 4.0, "other", Bar(0.3))
    slow = Figure("x", 2.0, "s", 4.0, "other", Bar(0.3))
    alone = Figure("x", 60.0, "ms", bar=Bar(50.0))
    assert [fast.met, slow.met, alone.met] == [True, False, False]
    assert table([("name", [fast, slow])]).splitlines()[2].split()[-1] == "NO"


def test_a_quantile_is_a_value_that_was_measured() -> None:
    from benchmarks.figures import quantile

    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
