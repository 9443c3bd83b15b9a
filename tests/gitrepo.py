"""Make real git repositories for tests, apart from the user's own git configuration."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

SETTINGS = {
    "user.name": "Ada Lovelace",
    "user.email": "ada@example.org",
    "init.defaultBranch": "main",
    "commit.gpgSign": "false",
    "protocol.file.allow": "always",
    "gc.auto": "0",
}


class GitRepo:
    """A work tree under a temporary folder. Each commit is a minute later than the one before."""

    def __init__(self, path: Path, *, init: bool = True, options: tuple[str, ...] = ()) -> None:
        self.path = path
        self.clock = 1_700_000_000
        if init:
            path.mkdir(parents=True, exist_ok=True)
            self.git("init", "--quiet", *options)

    @property
    def git_dir(self) -> str:
        found = os.fsdecode(self.git_raw("rev-parse", "--absolute-git-dir"))
        return os.path.realpath(found.removesuffix("\n"))

    def git_raw(self, *args: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        when = f"{self.clock} +0000"
        own = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        own |= {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        done = subprocess.run(
            ["git", *options, *args],
            cwd=self.path,
            env=kept | own | dict(env or {}),
            input=stdin,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"git {args}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def git(self, *args: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        return self.git_raw(*args, stdin=stdin, env=env).decode("utf-8", "surrogateescape").strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else os.fsencode(content))

    def commit(
        self, files: Mapping[str, str | bytes | None] | None = None, message: str | bytes = "a change"
    ) -> str:
        """Write files (None deletes one), commit everything, and return the commit's id."""
        for name, content in (files or {}).items():
            if content is None:
                (self.path / name).unlink()
            else:
                self.write({name: content})
        self.clock += 60
        self.git("add", "--all")
        text = message if isinstance(message, bytes) else os.fsencode(message)
        options = ("--quiet", "--allow-empty", "--allow-empty-message", "--no-verify", "--cleanup=verbatim")
        self.git("commit", *options, "-F", "-", stdin=text)
        return self.rev("HEAD")

    def rev(self, name: str) -> str:
        return self.git("rev-parse", "--verify", name)

    def object(self, kind: str, content: bytes) -> str:
        """Write an object exactly as given, however odd."""
        return self.git("hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=content)
