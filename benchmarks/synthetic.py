"""A history that is the same wherever it is generated, for where no real one is at hand."""

import random
import re
import subprocess
from pathlib import Path

SEED = 20_260_101
FILES = 40
FUNCTIONS = 25
_VERBS = ("load", "merge", "check", "render", "split", "count", "index", "resolve", "encode", "apply")
_NOUNS = ("order", "token", "branch", "ledger", "packet", "region", "matrix", "record", "query", "route")

_WORD = re.compile(r"\w+")

Module = dict[str, str]


def make(folder: Path, commits: int) -> str:
    """Write a bare repository of that many commits and return its folder."""
    return _imported(folder, _stream(commits))


def renaming(folder: Path, files: int, functions: int, renamed: int) -> tuple[str, str]:
    """Write a bare repository and return its folder and the commit that renames some functions of each file.

    What calls them, in whichever file, calls them by their new names.
    """
    rng = random.Random(SEED)
    names = [[_name(rng, number * functions + i) for i in range(functions)] for number in range(files)]
    known = [name for own in names for name in own]
    new = {name: f"{rng.choice(_NOUNS)}_of_{name}" for own in names for name in own[:renamed]}
    before = {
        f"pkg{number % 20}/module_{number}.py": {
            name: _function(rng, name, rng.sample(known, 8)) for name in own
        }
        for number, own in enumerate(names)
    }
    after = {
        path: {name: _WORD.sub(lambda word: new.get(word[0], word[0]), text) for name, text in module.items()}
        for path, module in before.items()
    }
    target = _imported(folder, [_commit(0, "begin", before), _commit(1, "rename", after)])
    found = subprocess.run(
        ["git", f"--git-dir={target}", "rev-parse", "main"], capture_output=True, check=True
    )
    return target, found.stdout.decode().strip()


def wide(folder: Path, files: int) -> str:
    """Write a bare repository of one commit with that many small files, ten to a folder; return its folder.

    The function of each file is called by that of the next.
    """
    modules = {wide_path(number): wide_text(number) for number in range(files)}
    parts = [_head(0, "begin")]
    for path, text in modules.items():
        parts += [f"M 100644 inline {path}\n".encode(), _data(text.encode())]
    return _imported(folder, [b"".join(parts)])


def wide_path(number: int) -> str:
    return f"pkg{number // 1000}/part{number // 10 % 100}/module_{number}.py"


def wide_text(number: int, parameters: str = "value") -> str:
    """Return the text of one file of `wide`, whose function may take other parameters."""
    other = max(0, number - 1)
    module = wide_path(other).removesuffix(".py").replace("/", ".")
    lines = [f"from {module} import work_{other}", "", "", f"def work_{number}({parameters}):"]
    if other != number:
        lines.append(f"    value = work_{other}(value)")
    return "\n".join([*lines, f"    return value + {number}", ""])


def _imported(folder: Path, commits: list[bytes]) -> str:
    target = folder / "synthetic.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(target)], check=True)
    stream = b"".join(commits)
    subprocess.run(["git", f"--git-dir={target}", "fast-import", "--quiet"], input=stream, check=True)
    return str(target.resolve())


def _stream(commits: int) -> list[bytes]:
    rng = random.Random(SEED)
    modules = {f"pkg{i % 5}/{_NOUNS[i % 10]}_{i}.py": _module(rng) for i in range(FILES)}
    parts = [_commit(0, "begin", modules)]
    for number in range(1, commits):
        touched = rng.sample(sorted(modules), rng.randint(1, 4))
        for path in touched:
            modules[path] = _edited(rng, modules[path], number)
        parts.append(_commit(number, f"change {number}", {path: modules[path] for path in touched}))
    return parts


def _head(number: int, subject: str) -> bytes:
    when = 1_700_000_000 + number * 3600
    head = f"commit refs/heads/main\ncommitter Ada Lovelace <ada@example.org> {when} +0000\n"
    return head.encode() + _data(subject.encode())


def _commit(number: int, subject: str, files: dict[str, Module]) -> bytes:
    parts = [_head(number, subject)]
    for path, module in files.items():
        parts += [f"M 100644 inline {path}\n".encode(), _data(_text(module).encode())]
    return b"".join(parts)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _text(module: Module) -> str:
    return "import os\nimport sys\n\n" + "\n\n".join(module.values())


def _module(rng: random.Random) -> Module:
    names = [_name(rng, i) for i in range(FUNCTIONS)]
    return {name: _function(rng, name, names) for name in names}


def _name(rng: random.Random, number: int) -> str:
    return f"{rng.choice(_VERBS)}_{rng.choice(_NOUNS)}_{number}"


def _function(rng: random.Random, name: str, others: list[str]) -> str:
    lines = [f"def {name}(value, limit={rng.randint(1, 99)}):", f'    """Return what {name} makes of it."""']
    lines.append("    found = []")
    for _ in range(rng.randint(3, 9)):
        lines += [
            f"    if value > limit + {rng.randint(0, 999)}:",
            f"        found.append({rng.choice(others)}(value - {rng.randint(1, 9)}, limit=3))",
            f"    value = value * {rng.randint(2, 9)} + len(found)  # {rng.choice(_NOUNS)}",
        ]
    return "\n".join([*lines, "    return found, value", ""])


def _edited(rng: random.Random, module: Module, number: int) -> Module:
    """Change, rename, add or delete some functions of a module."""
    edited = dict(module)
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(sorted(edited))
        kind = rng.random()
        if kind < 0.6:
            old = f"value * {rng.randint(2, 9)}"
            edited[name] = edited[name].replace(old, f"value * {number}").replace("found, value", f"{number}")
        elif kind < 0.75:
            new = _name(rng, 1000 + number)
            edited = {(new if n == name else n): text.replace(name, new) for n, text in edited.items()}
        elif kind < 0.9:
            new = _name(rng, 2000 + number)
            edited[new] = _function(rng, new, sorted(edited))
        elif len(edited) > 5:
            del edited[name]
    return edited
