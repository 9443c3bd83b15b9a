"""A commit of files that no one wrote by hand: it is compared within the budget, and others are answered."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..running import python_repo, running

STRANGE = {
    "deep.c": "int x = " + "(" * 100_000 + "1" + ")" * 100_000 + ";\n",
    "deep.java": "class A { int f() { return " + "[" * 100_000 + "; } }\n",
    "line.js": "var a=[" + "1," * 2_500_000 + "1];",
    "equal.py": "def f():\n    return 1\n" * 20_000,
    "soup.ts": "( { [ => ` < ' function class : \n" * 1_000,
}


def test_strange_files_are_compared_as_a_whole_and_others_are_answered(tmp_path: Path) -> None:
    repo = python_repo(tmp_path / "repo")
    repo.commit(STRANGE, "strange")
    repo.commit({path: f"{source}\n2\n" for path, source in STRANGE.items()} | {"fine.py": "X = 1\n"}, "more")
    with running() as daemon:
        daemon.register(repo)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(daemon.get, "/v1/diff?from=HEAD~1&to=HEAD", repo=repo.path)
            waits = []
            while not asked.done():
                start = time.perf_counter()
                assert daemon.get("/v1/status").status == 200
                waits.append(time.perf_counter() - start)
            found = asked.result()
    assert found.status == 200, found
    assert {"deep.c", "deep.java", "line.js"} <= set(found.json()["degraded"])
    assert {edit["new"]["path"] for edit in found.data} >= {"fine.py", "deep.c", "deep.java", "line.js"}
    assert sorted(waits)[len(waits) * 9 // 10] < 1.0
