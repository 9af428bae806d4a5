"""Work that only confined workers do: reading files that are not recorded, and drawing pages."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from ingestd.document import Claim, Record
from ingestd.engine import Engine
from ingestd.errors import AttemptError, DocumentError, TimeLimitError, TransientError
from ingestd.web.errors import Problem
from ingestd.web.limits import Places

_RETRY_S = 10
_TYPES = {"unsupported": 415, "too-large": 413}
"""Code of a DocumentError -> status; all others are 422."""
_MAX_DRAWINGS = 32
"""Pages that may wait to be drawn."""


class Painter(Protocol):
    """Draws one page of a file as PNG; see :class:`ingestd.engine.Engine`."""

    def submit(self, claim: Claim, page_index: int) -> Future[bytes]:
        """Start on a page."""
        ...

    def rest(self) -> None:
        """Give back the memory of idle workers."""
        ...

    def close(self, *, finish: bool) -> None:
        """Stop all workers."""
        ...


class Resting:
    """Lets workers rest that have had nothing to do for a while.

    Args:
        rest: of the engine; does nothing while a worker is busy.
        idle_s: seconds without work; None: never.
    """

    def __init__(self, rest: Callable[[], None], idle_s: float | None) -> None:
        self._rest = rest
        self._idle_s = idle_s
        self._timer: asyncio.TimerHandle | None = None

    def used(self) -> None:
        """Start counting again."""
        self.stop()
        if self._idle_s is not None:
            self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._rest)

    def stop(self) -> None:
        """Count no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Reader:
    """Reads files that are not recorded.

    Args:
        engine: of its own, so that no inbox waits for it.
        waiting: files that may wait for a worker.
        idle_s: workers end after so long without a file.
    """

    def __init__(self, engine: Engine[Record], waiting: int, idle_s: float | None) -> None:
        self._engine = engine
        self.places = Places(engine.slots + waiting, _RETRY_S, "reading")
        self._resting = Resting(engine.rest, idle_s)
        self.folder = Path(tempfile.mkdtemp(prefix="ingestd-web-"))
        """Files on their way to a worker; removed with the reader."""
        engine.rest()

    async def read(self, path: Path, sha256: str, name: str) -> Record:
        """Read one file.

        Args:
            path: of the file.
            sha256: of its content.
            name: as the sender calls it.

        Raises:
            Problem: 413, 415, 422, the file is bad; 500, its worker died; 503, no worker can start; 504, it took too
                long.
        """
        claim = Claim(path, Path(name), path.stat().st_size, sha256, attempt=1)
        try:
            return await asyncio.wrap_future(self._engine.submit(claim))
        except (DocumentError, AttemptError, TransientError) as error:
            raise problem_of(error) from error
        finally:
            self._resting.used()

    def close(self) -> None:
        """Stop the workers and remove what they were given."""
        self._resting.stop()
        self._engine.close(finish=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Pictures:
    """Pictures of pages, drawn by workers and kept for a while.

    Args:
        painter: draws them.
        max_bytes: of all pictures that are kept; those not asked for longest go first.
        idle_s: workers end after so long without a page.
    """

    def __init__(self, painter: Painter, max_bytes: int, idle_s: float | None) -> None:
        self._painter = painter
        self._max_bytes = max_bytes
        self._places = Places(_MAX_DRAWINGS, 1, "drawing")
        self._resting = Resting(painter.rest, idle_s)
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._bytes = 0
        self._drawing: dict[tuple[str, int], asyncio.Task[bytes]] = {}
        painter.rest()

    async def page(self, original: Path, sha256: str, page_index: int) -> bytes:
        """Return one page as PNG.

        Raises:
            Problem: as :meth:`Reader.read`; 404, there is no such page.
        """
        key = sha256, page_index
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._drawing:
            self._drawing[key] = asyncio.create_task(self._draw(original, key))
        return await asyncio.shield(self._drawing[key])

    def kept(self, sha256: str, page_index: int) -> bytes | None:
        """Return a page that was drawn before, as PNG; None where it is not kept."""
        return self._kept.get((sha256, page_index))

    async def _draw(self, original: Path, key: tuple[str, int]) -> bytes:
        sha256, page_index = key
        try:
            with self._places.one():
                claim = Claim(original, original, original.stat().st_size, sha256, attempt=1)
                picture = await asyncio.wrap_future(self._painter.submit(claim, page_index))
        except OSError as error:
            raise Problem(
                410,
                f"the original cannot be read ({error.strerror})",
                code="gone",
                fix="restore it from a backup; 'ingestd verify' lists what is missing",
            ) from error
        except (DocumentError, AttemptError, TransientError) as error:
            raise problem_of(error) from error
        finally:
            del self._drawing[key]
            self._resting.used()
        self._keep(key, picture)
        return picture

    def _keep(self, key: tuple[str, int], picture: bytes) -> None:
        self._kept[key] = picture
        self._bytes += len(picture)
        while self._bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)

    def close(self) -> None:
        """Stop the workers."""
        self._resting.stop()
        self._painter.close(finish=False)


def problem_of(error: DocumentError | AttemptError | TransientError) -> Problem:
    """The answer where a worker could not do its work."""
    match error:
        case DocumentError(code="no-such-page"):
            return Problem(404, error.found)
        case DocumentError():
            status = _TYPES.get(error.code, 422)
            return Problem(status, f"{error.found}; expected {error.expected}", code=error.code, fix=error.fix)
        case TimeLimitError():
            return Problem(504, str(error), code="time-limit", fix="raise engine.time_limit_s, or send fewer pages")
        case AttemptError():
            return Problem(500, str(error), code="attempt", fix="send it again; the log has the details")
        case _:
            return Problem(503, str(error), code="surroundings", headers={"Retry-After": str(_RETRY_S)})
