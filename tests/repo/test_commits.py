from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo.commits import LAST_SECOND, Commit, commits, read_commits, resolve

from ..gitrepo import GitRepo


def only(repo: GitRepo, sha: str) -> Commit:
    (found,) = commits(repo.git_dir, [sha], limit=1)
    return found


def made(repo: GitRepo, author: bytes, message: bytes, extra: bytes = b"") -> Commit:
    """Write a commit object by hand, and read it."""
    tree = repo.git("write-tree").encode()
    head = b"tree " + tree + b"\nauthor " + author + b"\ncommitter " + author + b"\n" + extra
    return only(repo, repo.object("commit", head + b"\n" + message))


def test_commits_come_newest_first(repo: GitRepo) -> None:
    shas = [repo.commit({"a": str(n)}, f"change {n}") for n in range(100)]
    found = list(commits(repo.git_dir, ["HEAD"]))
    assert [c.sha for c in found] == shas[::-1]
    assert found[0].parents == (shas[-2],)
    assert found[-1].parents == ()
    assert [c.subject for c in found[:2]] == ["change 99", "change 98"]
    assert (found[0].author_name, found[0].author_email) == ("Ada Lovelace", "ada@example.org")
    assert found[0].author_time == found[0].committer_time == repo.clock


def test_a_range_and_a_limit_are_kept(repo: GitRepo) -> None:
    shas = [repo.commit({"a": str(n)}) for n in range(6)]
    gone = "1" * 40
    found = commits(repo.git_dir, [shas[5]], exclude=[shas[1], gone], limit=3)
    assert [c.sha for c in found] == [shas[5], shas[4], shas[3]]
    assert list(commits(repo.git_dir, [])) == []


def test_a_merge_names_its_parents_in_order(repo: GitRepo) -> None:
    base = repo.commit({"a": "1"})
    repo.git("checkout", "--quiet", "-b", "side")
    side = repo.commit({"b": "1"})
    repo.git("checkout", "--quiet", "main")
    main = repo.commit({"c": "1"})
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    merge, *rest = commits(repo.git_dir, ["main"])
    assert merge.parents == (main, side)
    assert rest[-1].sha == base


def test_a_stream_left_early_ends_its_processes(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    stream = commits(repo.git_dir, ["HEAD"])
    next(stream)
    stream.close()


def test_a_subject_may_span_lines_and_hold_anything(repo: GitRepo) -> None:
    sha = repo.commit({"a": "1"}, "\n\none\ntwo\t\x01\n\nbody\n\nmore\n")
    found = only(repo, sha)
    assert found.subject == "one two\t\x01"
    assert found.message == "one\ntwo\t\x01\n\nbody\n\nmore"
    assert only(repo, repo.commit({"a": "2"}, "")).subject == ""


def test_nul_and_wrong_utf8_do_not_spoil_a_message(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    found = made(repo, b"J\xf6rg <j@x> 1700000000 +0100", b"a\0b \xff\n\nrest\n")
    assert found.author_name == "Jörg"
    assert found.subject == "a\ufffdb ÿ"
    found.message.encode()


def test_a_named_encoding_is_used_and_a_wrong_one_survived(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    author = "Иван <i@x> 1700000000 +0000"
    found = made(repo, author.encode("koi8-r"), "Привет\n".encode("koi8-r"), b"encoding KOI8-R\n")
    assert (found.author_name, found.subject) == ("Иван", "Привет")
    for name in (b"no-such", b"zlib", b"rot13", b"\xff", b"idna", b"undefined", b"punycode"):
        wrong = made(repo, b"A <a@x> 1700000000 +0000", b"plain\n", b"encoding " + name + b"\n")
        assert wrong.message


@pytest.mark.parametrize(
    ("author", "wanted"),
    [
        (b"A B <a@x> 99999999999999999999 +0000", ("A B", "a@x", 0)),
        (b"A B <a@x> -5 +0000", ("A B", "a@x", 0)),
        (b"A B <a@x>", ("A B", "a@x", 0)),
        (b"A <B> C <a@x> 1700000000 +9999", ("A", "B> C <a@x", 1_700_000_000)),
        (b"<> 1700000000 +0000", ("", "", 1_700_000_000)),
        (b"nobody", ("nobody", "", 0)),
        (b"A <a@x> " + b"9" * 10_000 + b" +0000", ("A", "a@x", 0)),
        (b"A <a@x> %d +0000" % LAST_SECOND, ("A", "a@x", LAST_SECOND)),
    ],
)
def test_absurd_authors_and_times_are_tamed(
    repo: GitRepo, author: bytes, wanted: tuple[str, str, int]
) -> None:
    repo.commit({"a": "1"})
    found = made(repo, author, b"x\n")
    assert (found.author_name, found.author_email, found.author_time) == wanted


def test_a_long_body_is_cut_at_a_whole_character(repo: GitRepo) -> None:
    sha = repo.commit({"a": "1"}, "subject\n\n" + "é" * 50_000)
    found = only(repo, sha)
    assert found.subject == "subject"
    assert 65_000 < len(found.message.encode()) <= (64 << 10) + 3
    assert set(found.message[9:-1]) == {"é"}


def test_a_signature_in_the_head_is_no_message(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    signed = b"gpgsig -----BEGIN\n author Mallory <m@x> 1 +0000\n \n -----END\n"
    found = made(repo, b"A <a@x> 1700000000 +0000", b"subject\n", signed)
    assert (found.author_name, found.subject) == ("A", "subject")


def test_the_boundary_of_a_shallow_clone_is_marked(repo: GitRepo, tmp_path: Path) -> None:
    for n in range(4):
        repo.commit({"a": str(n)})
    clone = GitRepo(tmp_path / "clone", init=False)
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.path}", str(clone.path))
    new, cut = commits(clone.git_dir, ["HEAD"])
    assert (new.shallow, cut.shallow, cut.parents) == (False, True, ())
    assert list(read_commits(clone.git_dir, [new.sha, cut.sha, "0" * 40])) == [new, cut, None]
    with pytest.raises(AuraError) as met:
        resolve(clone.git_dir, "HEAD~3")
    assert "unshallow" in met.value.hint


def test_revisions_of_all_kinds_resolve(repo: GitRepo) -> None:
    first = repo.commit({"a": "1"}, "the first")
    second = repo.commit({"a": "2"}, "the second")
    repo.git("tag", "-a", "-m", "x", "v1", first)
    for rev in (first, first[:10], "HEAD~1", "v1", "main^", ":/the first", "HEAD^{/first}", "refs/tags/v1"):
        assert resolve(repo.git_dir, rev) == first
    assert resolve(repo.git_dir, "@") == second
    assert resolve(repo.git_dir, ":/the second") == second


@pytest.mark.parametrize(
    "rev",
    ["nope", "", "--all", "-x", "--output=canary", "HEAD..HEAD", "^HEAD", "a\0b", "a\nb", "HEAD:a", "0" * 40,
     "\udcff", "HEAD@{upstream}", "HEAD^{blob}", "--git-dir=/", "HEAD --all"],
)  # fmt: skip
def test_what_names_no_commit_is_an_unknown_revision(repo: GitRepo, rev: str) -> None:
    repo.commit({"a": "1"})
    with pytest.raises(AuraError) as met:
        resolve(repo.git_dir, rev)
    assert met.value.code == "unknown_revision"
    with pytest.raises(AuraError):
        list(commits(repo.git_dir, [rev]))


def test_a_branch_named_like_an_option_is_a_branch(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = repo.commit({"a": "1"})
    repo.git("update-ref", "refs/heads/--output=canary", sha)
    assert resolve(repo.git_dir, "--output=canary") == sha


def test_a_missing_repository_is_not_an_unknown_revision(tmp_path: Path) -> None:
    with pytest.raises(AuraError) as met:
        resolve(str(tmp_path), "HEAD")
    assert met.value.code == "not_a_repository"


def test_a_history_with_a_hole_is_an_unreadable_object(repo: GitRepo) -> None:
    shas = [repo.commit({"a": str(n)}) for n in range(3)]
    Path(repo.git_dir, "objects", shas[0][:2], shas[0][2:]).unlink()
    with pytest.raises(AuraError) as met:
        list(commits(repo.git_dir, ["HEAD"]))
    assert met.value.code == "unreadable_object"
