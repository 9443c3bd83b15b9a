"""The sandbox: what each level promises holds, and every level leaves nothing running."""

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.work import sandbox
from aura.work.sandbox import Sandbox

from ..running import eventually

STRONG = ("namespaces", "bubblewrap")


@pytest.fixture(scope="module", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        (home / "aura.db").write_text("kept")
        patch.setenv("AURA_HOME", str(home))
        yield


@pytest.fixture(scope="module", params=["found", "rlimits"])
def level(request: pytest.FixtureRequest, _home: None) -> Sandbox:
    """The strongest level of this machine, and the weakest, which every machine has."""
    return sandbox.detect() if request.param == "found" else Sandbox("rlimits")


@pytest.fixture
def strong(_home: None) -> Sandbox:
    found = sandbox.detect()
    if found.level not in STRONG:
        pytest.skip(f"this machine can do no more than {found.level}")
    return found


def start(level: Sandbox, root: Path, *command: str) -> tuple["subprocess.Popen[str]", int]:
    read, write = os.pipe()
    environment = sandbox.environment(level, {**os.environ, "SECRET_TOKEN": "hidden"})
    program = sandbox.program(command[0], str(root), environment["PATH"])
    assert program is not None
    process = subprocess.Popen(
        sandbox.argv(level, [program, *command[1:]], root=str(root), status=write),
        env=environment,
        pass_fds=[write],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    os.close(write)
    return process, read


def run(level: Sandbox, root: Path, *command: str) -> tuple[dict[str, object], str]:
    """Run a command to its end; return what the jailer told, and the output."""
    process, read = start(level, root, *command)
    output, _ = process.communicate(timeout=30)
    with os.fdopen(read) as status:
        return json.loads(status.readline() or "{}"), output


def python(level: Sandbox, root: Path, code: str, *given: str) -> str:
    told, output = run(level, root, sys.executable, "-c", code, *given)
    assert told == {"exit": 0}, (told, output)
    return output.strip()


def alive(mark: str) -> list[int]:
    """Return the processes, whoever's, whose command line holds a mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if mark.encode() in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            continue
    return found


def test_how_a_command_ends_is_told_apart(level: Sandbox, tmp_path: Path) -> None:
    assert run(level, tmp_path, "sh", "-c", "exit 0")[0] == {"exit": 0}
    assert run(level, tmp_path, "sh", "-c", "exit 137")[0] == {"exit": 137}
    killed = run(level, tmp_path, "sh", "-c", "kill -9 $$")[0]
    assert killed == ({"exit": 137} if level.bwrap else {"signal": 9})


def test_no_argument_means_anything_to_a_shell(level: Sandbox, tmp_path: Path) -> None:
    odd = [
        "; touch planted",
        "$(touch planted)",
        "`touch planted`",
        "a && b",
        "| cat",
        "> planted",
        "*",
        "~",
        "\n",
    ]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    assert json.loads(python(level, tmp_path, code, *odd)) == odd
    assert not (tmp_path / "planted").exists()


def test_only_named_variables_are_passed_on(level: Sandbox, tmp_path: Path) -> None:
    output = python(level, tmp_path, "import os; print(os.environ.get('SECRET_TOKEN'), os.getcwd())")
    assert output == f"None {tmp_path}"


def test_what_is_left_running_ends_with_the_command(level: Sandbox, tmp_path: Path) -> None:
    mark = f"31{os.getpid()}.25"
    told, _ = run(level, tmp_path, "sh", "-c", f"setsid sh -c 'sleep {mark} & sleep {mark}' & exit 0")
    assert told == {"exit": 0}
    eventually(lambda: not alive(mark))


def test_a_grandchild_in_a_session_of_its_own_dies_when_the_command_is_ended(
    level: Sandbox, tmp_path: Path
) -> None:
    mark = f"32{os.getpid()}.25"
    process, read = start(
        level, tmp_path, "sh", "-c", f"setsid setsid sleep {mark} & echo begun; sleep {mark}"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    eventually(lambda: len(alive(mark)) >= 2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    os.close(read)
    eventually(lambda: not alive(mark))


def test_what_the_daemon_started_dies_with_the_daemon(level: Sandbox, tmp_path: Path) -> None:
    mark = f"33{os.getpid()}.25"
    code = (
        "import os, subprocess, sys; from aura.work.sandbox import Sandbox, argv, environment\n"
        "r, w = os.pipe()\n"
        "used = Sandbox(*sys.argv[2:])\n"
        "line = argv(used, ['/bin/sleep', sys.argv[1]], root='/tmp', status=w)\n"
        "subprocess.Popen(line, env=environment(used, os.environ), pass_fds=[w]); sys.stdin.read()\n"
    )
    given = [level.level, *([level.bwrap] if level.bwrap else [])]
    parent = subprocess.Popen([sys.executable, "-c", code, mark, *given], stdin=subprocess.PIPE)
    eventually(lambda: any(pid != parent.pid for pid in alive(mark)))
    parent.kill()
    parent.communicate()
    eventually(lambda: not alive(mark))


def test_core_files_and_endless_files_are_limited(level: Sandbox, tmp_path: Path) -> None:
    code = "from resource import *; print(getrlimit(RLIMIT_CORE), getrlimit(RLIMIT_FSIZE))"
    assert python(level, tmp_path, code) == f"(0, 0) ({4 << 30}, {4 << 30})"


def test_no_right_is_kept_or_gained(level: Sandbox, tmp_path: Path) -> None:
    names = "('CapEff', 'CapBnd', 'NoNew')"
    code = f"print(*(l.split()[1] for l in open('/proc/self/status') if l.startswith({names})))"
    effective, bounding, no_new = python(level, tmp_path, code).split()
    assert int(effective, 16) == 0
    assert no_new == "1"
    if os.geteuid() == 0 or level.level in STRONG:
        assert int(bounding, 16) == 0


WRITE = "import sys; open(sys.argv[1], 'w').write('planted')"


def test_what_is_written_to_the_work_tree_is_thrown_away(strong: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("as it was")
    code = "import os; [open(f, 'w').write('x') for f in ('new', 'kept')]; print(*sorted(os.listdir('.')))"
    told, output = run(strong, tmp_path, sys.executable, "-c", code)
    if strong.level == "bubblewrap" and not strong.overlays:
        assert told == {"exit": 1}
    else:
        assert (told, output) == ({"exit": 0}, "kept new\n")
    assert os.listdir(tmp_path) == ["kept"]
    assert (tmp_path / "kept").read_text() == "as it was"


@pytest.mark.parametrize("place", ["~", "/usr", "/etc", "/var"])
def test_nothing_else_can_be_written(strong: Sandbox, tmp_path: Path, place: str) -> None:
    # Not HOME: that may be a folder for tests, in /tmp.
    own = pwd.getpwuid(os.getuid()).pw_dir
    planted = os.path.join(own if place == "~" else place, f"planted-{os.getpid()}")
    told, output = run(strong, tmp_path, sys.executable, "-c", WRITE, planted)
    assert told == {"exit": 1}
    assert "Errno 30" in output or "Errno 13" in output
    assert not os.path.lexists(planted)


def test_tmp_can_be_written_and_is_thrown_away(strong: Sandbox, tmp_path: Path) -> None:
    planted = f"/tmp/planted-{os.getpid()}"
    python(strong, tmp_path, WRITE, planted)
    assert not os.path.lexists(planted)


def test_a_folder_of_any_name_can_be_the_work_tree(strong: Sandbox, tmp_path: Path) -> None:
    odd = tmp_path / "a,b:c\\d lowerdir=x"
    odd.mkdir()
    assert python(strong, odd, "import os; print(os.getcwd())") == str(odd)


def test_there_is_no_network_but_a_loopback_of_its_own(strong: Sandbox, tmp_path: Path) -> None:
    assert python(strong, tmp_path, "import socket; print(*(n for _, n in socket.if_nameindex()))") == "lo"
    served = (
        "import socket; s = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(s.getsockname()); print('heard')"
    )
    assert python(strong, tmp_path, served) == "heard"


def test_a_server_of_this_machine_cannot_be_reached(strong: Sandbox, tmp_path: Path) -> None:
    connect = "socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)"
    code = f"import socket, sys\ntry: {connect}\nexcept OSError: print('refused')"
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert python(strong, tmp_path, code, str(server.getsockname()[1])) == "refused"


def test_auras_own_folder_is_not_to_be_seen(strong: Sandbox, tmp_path: Path) -> None:
    code = "import os, sys; print(os.listdir(sys.argv[1]))"
    assert python(strong, tmp_path, code, os.environ["AURA_HOME"]) == "[]"


def test_the_processes_of_others_are_not_to_be_reached(strong: Sandbox, tmp_path: Path) -> None:
    code = "import os, sys\ntry: os.kill(int(sys.argv[1]), 0)\nexcept ProcessLookupError: print('unknown')"
    assert python(strong, tmp_path, code, str(os.getpid())) == "unknown"


def test_no_device_that_holds_anything_is_there(strong: Sandbox, tmp_path: Path) -> None:
    kind = "stat.S_ISBLK(os.lstat('/dev/' + n).st_mode)"
    code = f"import os, stat; print(*(n for n in os.listdir('/dev') if {kind}))"
    assert python(strong, tmp_path, code) == ""
    assert python(strong, tmp_path, "import os; os.openpty(); open('/dev/null', 'w').write('x')") == ""


def test_a_sandbox_that_does_not_hold_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    liar = tmp_path / "bwrap"
    liar.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n')
    liar.chmod(0o755)
    assert sandbox.detect(str(tmp_path)) == sandbox.detect("")
    monkeypatch.setattr(sandbox, "JAIL", str(tmp_path / "missing"))
    assert sandbox.detect() == Sandbox("rlimits")


def test_a_program_is_found_by_path_or_in_the_work_tree(tmp_path: Path) -> None:
    own = tmp_path / "check"
    own.write_text("#!/bin/sh\n")
    assert sandbox.program("./check", str(tmp_path), "/bin") is None
    own.chmod(0o755)
    assert sandbox.program("./check", str(tmp_path), "/bin") == str(own)
    assert sandbox.program("check", str(tmp_path), "/bin") is None
    assert sandbox.program("sh", str(tmp_path), "/bin") == "/bin/sh"


def test_a_service_that_listens_in_tmp_or_run_cannot_be_reached(strong: Sandbox, tmp_path: Path) -> None:
    code = (
        "import socket, sys\n"
        "try: socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
        "except OSError: print('refused')"
    )
    for folder in ("/tmp", "/run"):
        if not os.access(folder, os.W_OK):
            continue
        path = f"{folder}/aura-test-{os.getpid()}.sock"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            try:
                assert python(strong, tmp_path, code, path) == "refused"
            finally:
                os.unlink(path)


def test_namespaces_within_do_not_lift_anything(strong: Sandbox, tmp_path: Path) -> None:
    planted, aura = f"/usr/planted-{os.getpid()}", os.environ["AURA_HOME"]
    tries = f"mount -o remount,rw,bind /; touch {planted}; umount -l {aura}; umount {aura}; ls {aura}"
    _, output = run(strong, tmp_path, "unshare", "-Urm", "sh", "-c", f"({tries}) 2>/dev/null")
    assert "aura.db" not in output
    assert not os.path.lexists(planted)
