"""The three ways in which work can go wrong, each with its own consequence.

Every message says which file, what was found, what was expected and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence


class IngestdError(Exception):
    """Base of all errors that ingestd raises on purpose."""


class DocumentError(IngestdError):
    """This document is bad and stays bad: fail it now, keep the file, tell the reason.

    Args:
        found: what is wrong, as seen in the file.
        expected: what would have been right.
        fix: what the user can do.
        code: short stable name of the kind of fault, for queries (``encrypted``, ``truncated`` ...).
    """

    def __init__(self, found: str, *, expected: str, fix: str, code: str) -> None:
        super().__init__(found, expected, fix, code)
        self.found = found
        self.expected = expected
        self.fix = fix
        self.code = code

    def __str__(self) -> str:
        return f"{self.found}; expected {self.expected}; {self.fix}"

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword-only arguments would get lost on the way out of a worker process."""
        return _document_error, (self.found, self.expected, self.fix, self.code)


def _document_error(found: str, expected: str, fix: str, code: str) -> DocumentError:
    return DocumentError(found, expected=expected, fix=fix, code=code)


class TransientError(IngestdError):
    """The surroundings failed, not the document (full disk, lost share): try again later."""


class ConfigError(IngestdError):
    """Configuration, rules or models are wrong: refuse to start (exit 78), list all problems.

    Args:
        problems: one line each, beginning with where (``config.yaml: inboxes.0.path: ...``).
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class AttemptError(IngestdError):
    """One try at a document failed for a reason that may not come back (its worker died, ran out of time)."""


class TimeLimitError(AttemptError):
    """One try at a document took longer than allowed."""
