"""Help, completions, man pages and the following of events."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from aura.cli import derive
from aura.cli._commands import COMMANDS, GROUPS
from aura.cli.main import BY_HAND

from ..gitrepo import GitRepo
from ..lifecycle.daemons import AURA, Aura

ROOT = Path(__file__).parents[2]
WORDS = sorted({*BY_HAND, *GROUPS, *COMMANDS})


@pytest.mark.parametrize("name", WORDS)
def test_every_command_explains_itself(aura: Aura, name: str, tmp_path: Path) -> None:
    said = aura.ok(*name.split(" "), "--help", cwd=tmp_path)
    assert said.startswith("Usage: aura ")
    assert len(said.splitlines()) > 4


def test_help_needs_no_daemon(own: Aura, tmp_path: Path) -> None:
    assert "Exit codes: 0 done" in own.ok("--help", cwd=tmp_path)
    assert own.ok("--version", cwd=tmp_path).startswith("aura, version ")
    assert own.cli("daemon", "status", cwd=tmp_path).returncode == 3


def completed(line: str) -> list[str]:
    words = line.split(" ")
    script = f"""
source '{ROOT}/completions/aura.bash'
COMP_WORDS=({" ".join(w or "''" for w in words)}); COMP_CWORD={len(words) - 1}
COMP_LINE='{line}'; COMP_POINT={len(line)}
_aura; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_and_options() -> None:
    assert completed("aura int") == ["intent"]
    assert set(completed("aura intent ")) >= {"log", "list", "show", "nodes"}
    assert "--ticket" in completed("aura intent log --ti")
    assert "--depth" in completed("aura init --")


@pytest.mark.parametrize(("shell", "file"), [("zsh", "_aura"), ("fish", "aura.fish"), ("bash", "aura.bash")])
def test_completions_are_read_without_complaint(shell: str, file: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    done = subprocess.run([shell, "-n", str(ROOT / "completions" / file)], capture_output=True, check=True)
    assert done.stderr == b""


def test_man_pages_are_drawn_without_complaint() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("there is no groff")
    pages = sorted((ROOT / "man").glob("*.1"))
    assert {page.stem for page in pages} >= {"aura", *(f"aura-{name.replace(' ', '-')}" for name in WORDS)}
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-wall", *map(str, pages)], capture_output=True, check=True
    )
    assert done.stderr == b""


def test_following_goes_on_after_the_daemon_was_replaced(own: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"})
    own.ok("init", cwd=repo.path)
    args = [*AURA, "events", "-f", "--type", "intent.logged", "--json"]
    with subprocess.Popen(args, cwd=repo.path, stdout=subprocess.PIPE, text=True, env=os.environ) as follower:
        assert follower.stdout is not None
        try:
            seen = []
            own.api("GET", "/v1/status")
            while not seen:
                own.log(repo, "before", wait_ms=0)
                os.set_blocking(follower.stdout.fileno(), False)
                seen = [line for line in [follower.stdout.readline()] if line]
            os.set_blocking(follower.stdout.fileno(), True)
            for text, replace in (("after a restart", own.ok), ("after a kill", None)):
                if replace:
                    replace("daemon", "restart", cwd="/")
                else:
                    own.kill()
                    own.ok("status", cwd="/")
                own.log(repo, text, wait_ms=0)
                while json.loads(line := follower.stdout.readline())["data"]["summary"] == "before":
                    seen.append(line)
                assert json.loads(line)["data"]["summary"] == text
            assert len(seen) == len(set(seen))
        finally:
            follower.terminate()


def test_derived_files_are_as_the_declarations_say() -> None:
    done = subprocess.run(
        [AURA[0], "-m", derive.__name__, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
