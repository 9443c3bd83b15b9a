"""Looking at a work tree for what a goal is about, uncommitted changes included."""

import os
from functools import cached_property

from aura.repo.pool import CallPool, Pool
from aura.repo.requests import FileEntities
from aura.syntax.naming import dotted
from aura.work import judges
from aura.work.absences import look_again
from aura.work.goals import Judgement, Statement
from aura.work.judges import Known

LARGEST = 8 << 20
NO_MODEL = "no model is loaded: only a model can answer plain words"


class Inspection:
    """One look at a work tree, shared by the goals that are proved together."""

    def __init__(self, root: str, pool: Pool, graphs: CallPool) -> None:
        self._root = root
        self._pool = pool
        self._graphs = graphs

    def judge(self, goal: Statement) -> Judgement:
        """Judge a goal that needs no command. Raises the AuraError that concerns the repository."""
        if goal.form == "words":
            return Judgement("unknown", NO_MODEL)
        if goal.form == "exists":
            return judges.judge_exists(goal, self._known(goal.about))
        if goal.form == "signature":
            return judges.judge_signature(goal, self._known(goal.about[:1]))
        known, about = self._known(goal.about), goal.about
        if goal.form == "implements":
            kinds = self._graphs.trace(self._root, "kinds", *about).kinds
            assert kinds is not None
            return judges.judge_implements(goal, known, kinds)
        if goal.form == "covered":
            found = self._graphs.trace(self._root, "callers", "", *about)
            judge = judges.judge_covered
        else:
            found = self._graphs.trace(
                self._root, "path" if goal.form.endswith("reaches") else "direct", *about
            )
            judge = judges.judge_never if goal.form.startswith("never") else judges.judge_calls
        assert found.reach is not None
        judged = judge(goal, known, found.reach, found.degraded)
        if goal.form == "covered":
            return judged
        return look_again(judged, goal, known, found.reach, self._root, self._graphs)

    def is_dirty(self, head: str | None) -> bool:
        """Tell whether the work tree holds other code than its last commit."""
        if head is None:
            return True
        found = self._pool.diff_worktree(self._root, head)
        return bool(found.edits or found.degraded)

    def _known(self, names: tuple[str, ...]) -> Known:
        return Known(
            {name: judges.named(self._files, name) for name in names},
            {name: self._unread(name) for name in names},
            frozenset(file.path for file in self._files if file.table.degraded),
        )

    @cached_property
    def _files(self) -> list[FileEntities]:
        return self._pool.entities(self._root)

    def _unread(self, name: str) -> list[str]:
        """Return the files that were not read in full and that hold the word."""
        word = dotted(name).rpartition(":")[2].rpartition(".")[2].encode()
        return [file.path for file in self._files if file.table.degraded and self._holds(file.path, word)]

    def _holds(self, path: str, word: bytes) -> bool:
        try:
            with open(os.path.join(self._root, path), "rb") as file:
                return word in file.read(LARGEST)
        except OSError:
            return True
