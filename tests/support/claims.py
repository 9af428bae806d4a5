"""Files as the daemon hands them to the stages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ingestd.document import Admitted, Claim


def dropped(folder: Path, content: bytes, name: str = "drop.bin") -> Claim:
    """Write a file and claim it; the name tells nothing on purpose."""
    path = folder / name
    path.write_bytes(content)
    return claim_of(path)


def claim_of(path: Path) -> Claim:
    """A claim of a file that is there."""
    return Claim(
        job_id=1,
        work_path=path,
        source_path=path,
        inbox="inbox",
        size_bytes=path.lstat().st_size,
        claimed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        attempt=1,
    )


def admitted_as(claim: Claim, media_type: str, pages: int = 1) -> Admitted:
    """A claim admitted without looking at it."""
    return Admitted(claim=claim, sha256="0" * 64, media_type=media_type, pages_expected=pages)
