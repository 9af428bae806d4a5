"""OFD packages: a ZIP archive of strangers, its parts read within limits."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ingestd.errors import DocumentError
from ingestd.structured.xmltree import Node, parse

MAX_PARTS = 20_000
MAX_PART_BYTES = 32 * 1024 * 1024
MAX_ALL_BYTES = 256 * 1024 * 1024
"""Bytes of all parts that are read."""
_DIGESTS = {"1.2.156.10197.1.401": "sm3", "sm3": "sm3", "1.3.14.3.2.26": "sha1", "sha1": "sha1", "md5": "md5"}
"""Names in GB/T 33190 of methods that check a part."""
MAX_SIGNATURES = 20


class Package:
    """Parts of an OFD file by their paths; a context manager that closes the file."""

    def __init__(self, path: Path) -> None:
        """Open a package.

        Raises:
            DocumentError: ``damaged`` where it is not a sound ZIP archive, ``too-large`` beyond the limits.
        """
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise _damaged(str(error)) from error
        parts = self._archive.infolist()
        if len(parts) > MAX_PARTS:
            self._archive.close()
            raise _too_large(f"{len(parts)} parts", f"{MAX_PARTS} parts")
        self._parts = {part.filename.replace("\\", "/").lstrip("/"): part for part in parts}
        self._left = MAX_ALL_BYTES

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def read(self, name: str) -> bytes:
        """Read a part.

        Raises:
            DocumentError: ``damaged`` where it is missing or does not unpack, ``too-large`` beyond the limits.
        """
        part = self._parts.get(name)
        if part is None:
            raise _damaged(f"its part {name[:100]} is missing")
        try:
            with self._archive.open(part) as file:
                limit = min(MAX_PART_BYTES, self._left)
                data = file.read(limit + 1)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
            raise _damaged(f"{name[:100]}: {error}") from error
        if len(data) > limit:
            raise _too_large(f"a part of more than {limit} bytes", f"{MAX_PART_BYTES} bytes per part")
        self._left -= len(data)
        return data

    def tree(self, name: str) -> Node:
        """Parse a part."""
        return parse(self.read(name), f"an OFD document whose part {name[:100]}")


def resolve(location: str, base: str) -> str:
    """Return the path of a part as it is stated in another one.

    >>> resolve("../Res/image.png", "Doc_0/Pages/Page_0/Content.xml"), resolve("/Doc_0/a.xml", "OFD.xml")
    ('Doc_0/Pages/Res/image.png', 'Doc_0/a.xml')
    """
    location = location.strip().replace("\\", "/")
    joined = location if location.startswith("/") else posixpath.join(posixpath.dirname(base), location)
    return posixpath.normpath(joined).lstrip("/")


def integrity(package: Package, signatures: str) -> tuple[str, bool]:
    """Compare the parts with the digests that the signatures list; the signatures themselves are not verified.

    Returns:
        A sentence, and False where a part has changed since it was signed, or the list cannot be read.
    """
    agreeing, changed, unknown = 0, [], 0
    try:
        references = list(islice(_references(package, signatures), MAX_PARTS))
    except DocumentError as error:
        return f"its signature cannot be read: {error.found}", False
    for name, method, expected in references:
        algorithm = _DIGESTS.get(method.lower())
        if algorithm is None or algorithm not in hashlib.algorithms_available:
            unknown += 1
        elif name in package and hashlib.new(algorithm, package.read(name)).digest() == expected:
            agreeing += 1
        else:
            changed.append(name)
    if changed:
        return f"changed since it was signed: {', '.join(changed[:3])}", False
    if unknown or not agreeing:
        return "its signature lists no digests that can be checked", True
    return f"intact: all {agreeing} digests of its signature agree (the signature itself is not verified)", True


def _references(package: Package, signatures: str) -> Iterator[tuple[str, str, bytes]]:
    """List what is signed: path of a part, method, digest."""
    for one in islice(package.tree(signatures).all("Signature"), MAX_SIGNATURES):
        place = resolve(one.attributes.get("BaseLoc", ""), signatures)
        signed = package.tree(place).first("SignedInfo/References")
        if signed is None:
            continue
        for reference in signed.all("Reference"):
            try:
                digest = base64.b64decode(reference.value("CheckValue"), validate=True)
            except binascii.Error:
                digest = b""
            yield (
                resolve(reference.attributes.get("FileRef", ""), place),
                signed.attributes.get("CheckMethod", ""),
                digest,
            )


def _damaged(reason: str) -> DocumentError:
    return DocumentError(
        f"an OFD document that is damaged ({reason})",
        expected="a file that other programs can open",
        fix="download it again from where it came from",
        code="damaged",
    )


def _too_large(found: str, limit: str) -> DocumentError:
    return DocumentError(
        f"an OFD document with {found}", expected=f"at most {limit}", fix="ask the sender what it is", code="too-large"
    )
