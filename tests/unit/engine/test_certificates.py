from __future__ import annotations

import ssl
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestd.engine import tls
from ingestd.engine.certificates import make
from ingestd.engine.tls import Role
from ingestd.errors import ConfigError

NOW = datetime(2026, 8, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates") / "made"
    make(folder, datetime.now(UTC))
    return folder


def connects(folder: Path, server: Role, client: Role, authority: Path | None = None) -> bool:
    """Shake hands in memory, as strictly as any version of Python would."""
    ends: list[tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]] = []
    for role, purpose in ((server, ssl.Purpose.CLIENT_AUTH), (client, ssl.Purpose.SERVER_AUTH)):
        _, certificate, key = tls.files_of(folder, role)
        context = ssl.create_default_context(purpose, cafile=str((authority or folder) / "ca.pem"))
        context.load_cert_chain(certificate, key)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends.append((context.wrap_bio(incoming, outgoing, server_side=role is server), incoming, outgoing))
    for _ in range(6):
        for (end, _, outgoing), (_, incoming, _) in (ends, ends[::-1]):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
            incoming.write(outgoing.read())
    return True


@pytest.mark.parametrize(
    ("server", "client", "works"),
    [
        ("scheduler", "client", True),
        ("scheduler", "worker", True),
        ("worker", "scheduler", True),
        ("worker", "client", True),
        ("client", "worker", False),
    ],
)
def test_processes_know_each_other_and_the_daemon_poses_as_no_other(
    folder: Path, server: Role, client: Role, works: bool
) -> None:
    assert connects(folder, server, client) is works


def test_another_authority_is_not_trusted(folder: Path, tmp_path: Path) -> None:
    make(tmp_path / "foreign", datetime.now(UTC))
    assert not connects(folder, "scheduler", "client", tmp_path / "foreign")


def test_keys_are_for_their_owner_and_nothing_is_overwritten(folder: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {mode for name, mode in modes.items() if name.endswith("-key.pem")} == {0o600}
    before = (folder / "ca.pem").read_bytes()
    with pytest.raises(ConfigError, match="is there already; name an empty folder"):
        make(folder, NOW)
    assert (folder / "ca.pem").read_bytes() == before


def _open_to_all(folder: Path) -> None:
    (folder / "worker-key.pem").chmod(0o644)


def _of_another(folder: Path) -> None:
    (folder / "worker-key.pem").write_bytes((folder / "client-key.pem").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda folder: (folder / "worker.pem").unlink(), "worker.pem: found no such file"),
        (_open_to_all, "found a key that every user can read, expected mode 0600"),
        (_of_another, "the files of worker cannot be used"),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path: Path, spoil: Callable[[Path], None], problem: str) -> None:
    make(tmp_path / "made", NOW)
    spoil(tmp_path / "made")
    with pytest.raises(ConfigError, match=problem):
        tls.security(tmp_path / "made", "worker")
