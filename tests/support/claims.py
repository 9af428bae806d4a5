"""Files as the daemon hands them to the stages."""

from __future__ import annotations

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
        work_path=path,
        source_path=path,
        size_bytes=path.lstat().st_size,
        sha256="0" * 64,
        attempt=1,
    )


def admitted_as(claim: Claim, media_type: str, pages: int = 1) -> Admitted:
    """A claim admitted without looking at it."""
    return Admitted(claim=claim, media_type=media_type, pages_expected=pages)
