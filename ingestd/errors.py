"""Errors: each class has its own consequence.

Every message says which file, what was found, what was expected and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence


class IngestdError(Exception):
    """Base of all errors that ingestd raises on purpose."""


class DocumentError(IngestdError):
    """Bad document, which stays bad: it fails at once, and its file is kept with the reason.

    Args:
        found: the fault, as seen in the file.
        expected: the sound state.
        fix: advice to the user.
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
    """Environmental failure (full disk, lost share): the document is not to blame and is tried again later."""


class ConfigError(IngestdError):
    """Wrong configuration, rules or models: ingestd refuses to start (exit status 78) and lists all problems.

    Args:
        problems: one line each, beginning with where (``config.yaml:3: inboxes.0.path: ...``).
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class AttemptError(IngestdError):
    """Failed attempt at a document, for a reason that may not come back: its worker died or ran out of time."""


class TimeLimitError(AttemptError):
    """Attempt that took longer than allowed."""


class DefectError(AttemptError):
    """Attempt that an error of the program ended.

    Args:
        found: that error, or its text.
    """

    def __init__(self, found: BaseException | str) -> None:
        text = found if isinstance(found, str) else f"a worker hit a defect: {type(found).__name__}: {found}"
        super().__init__(" ".join(text.split()))
