"""The closed set of errors: each code once, with its HTTP status and the exit code of the command line."""

from typing import Any, NamedTuple

FAILED, USAGE, NO_DAEMON, REFUSED = 1, 2, 3, 4


class Code(NamedTuple):
    status: int
    exit: int


CODES: dict[str, Code] = {
    "invalid_request": Code(400, USAGE),
    "invalid_cursor": Code(400, USAGE),
    "invalid_claim": Code(400, USAGE),
    "invalid_goal": Code(400, USAGE),
    "repo_required": Code(400, USAGE),
    "unauthorized": Code(401, REFUSED),
    "scope_missing": Code(403, REFUSED),
    "permission_denied": Code(403, REFUSED),
    "host_refused": Code(403, REFUSED),
    "origin_refused": Code(403, REFUSED),
    "route_not_found": Code(404, USAGE),
    "repo_not_found": Code(404, FAILED),
    "not_a_repository": Code(404, FAILED),
    "unknown_revision": Code(404, FAILED),
    "file_not_found": Code(404, FAILED),
    "intent_not_found": Code(404, FAILED),
    "entity_not_found": Code(404, FAILED),
    "worktree_not_found": Code(404, FAILED),
    "message_not_found": Code(404, FAILED),
    "zone_not_found": Code(404, FAILED),
    "impact_not_found": Code(404, FAILED),
    "session_not_found": Code(404, FAILED),
    "proof_not_found": Code(404, FAILED),
    "goal_not_found": Code(404, FAILED),
    "snapshot_not_found": Code(404, FAILED),
    "setting_not_found": Code(404, USAGE),
    "method_not_allowed": Code(405, USAGE),
    "not_acceptable": Code(406, USAGE),
    "conflict": Code(409, REFUSED),
    "invalid_transition": Code(409, REFUSED),
    "zone_conflict": Code(409, REFUSED),
    "nothing_to_undo": Code(409, REFUSED),
    "nothing_to_redo": Code(409, REFUSED),
    "intent_missing_ticket": Code(409, REFUSED),
    "body_too_large": Code(413, USAGE),
    "unsupported_media_type": Code(415, USAGE),
    "range_not_satisfiable": Code(416, USAGE),
    "idempotency_mismatch": Code(422, REFUSED),
    "upgrade_required": Code(426, FAILED),
    "rate_limited": Code(429, FAILED),
    "internal_error": Code(500, FAILED),
    "git_missing": Code(500, FAILED),
    "git_failed": Code(500, FAILED),
    "unreadable_object": Code(500, FAILED),
    "database_newer": Code(500, FAILED),
    "database_damaged": Code(500, FAILED),
    "overloaded": Code(503, FAILED),
    "shutting_down": Code(503, FAILED),
    "analysis_timeout": Code(504, FAILED),
    "storage_full": Code(507, FAILED),
    "storage_failed": Code(507, FAILED),
    "daemon_unreachable": Code(503, NO_DAEMON),
    "daemon_running": Code(409, FAILED),
    "api_protocol": Code(502, FAILED),
}


class AuraError(Exception):
    """An error that a user meets: the message begins "cannot", the hint is what helps."""

    def __init__(
        self, code: str, message: str, hint: str = "", details: dict[str, Any] | None = None
    ) -> None:
        if code not in CODES:
            raise KeyError(f"error code {code!r} is not declared")
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details or {}

    @property
    def status(self) -> int:
        return CODES[self.code].status

    @property
    def exit(self) -> int:
        return CODES[self.code].exit

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON error shape of the API."""
        return {
            "error": {
                "code": self.code,
                "message": _text(self.message),
                "hint": _text(self.hint),
                "details": self.details,
                "request_id": request_id,
            }
        }


def _text(said: str) -> str:
    """Escape what no UTF-8 can hold: names that git or a request gave as other bytes."""
    return said.encode("utf-8", "backslashreplace").decode()
