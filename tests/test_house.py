"""The house holds together: layers, packaging, derived files, types and style."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHOUT = {
    *("aiohttp", "apsw", "asyncio", "importlib.metadata", "msgspec", "rich", "tree_sitter", "ulid"),
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_rooms_import_only_what_lies_below_them() -> None:
    tool = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"
    done = run("-c", tool)
    assert done.returncode == 0, done.stdout


def test_every_package_is_listed_for_the_wheel() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        ".".join(["aura"] * (top != "aura") + list(init.parent.relative_to(ROOT).parts))
        for top in ("aura", "cli", "daemon")
        for init in (ROOT / top).rglob("__init__.py")
    }
    assert listed == found


def test_derived_files_are_current() -> None:
    done = run("-m", "aura.cli.derive", "--check")
    assert done.returncode == 0, f"run python -m aura.cli.derive: {done.stdout}{done.stderr}"


def test_a_command_starts_without_heavy_imports() -> None:
    modules = "aura.cli.main, aura.cli.generated, aura.cli.call"
    code = f"import sys; import {modules}; print(*sys.modules)"
    loaded = set(run("-c", code).stdout.split())
    assert "click" in loaded
    assert not loaded & STARTS_WITHOUT
    assert not {name for name in loaded if name.startswith(("aura.record", "aura.repo", "aura.syntax"))}


@pytest.mark.parametrize("folder", ["cli", "daemon"])
def test_the_folders_are_not_importable_by_themselves(folder: str) -> None:
    done = run("-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {folder}")
    assert "it is installed as aura." in done.stderr


def test_types_hold_under_mypy_strict() -> None:
    done = run("-m", "mypy")
    assert done.returncode == 0, done.stdout


def test_style_holds_under_ruff() -> None:
    done = run("-m", "ruff", "check", ".")
    assert done.returncode == 0, done.stdout[-4000:]
    done = run("-m", "ruff", "format", "--check", ".")
    assert done.returncode == 0, done.stdout[-4000:]
