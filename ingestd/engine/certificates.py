"""Certificates for a cluster: an authority of its own, and one certificate per kind of process.

The key of the authority is needed only to make more certificates. It belongs on no machine of the cluster.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ingestd.engine.tls import Role, files_of
from ingestd.errors import ConfigError

DAYS = 3650
_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_USES: dict[Role, tuple[x509.ObjectIdentifier, ...]] = {
    "scheduler": (_SERVER, _CLIENT),
    "worker": (_SERVER, _CLIENT),
    "client": (_CLIENT,),
}
"""Scheduler and workers call each other; the daemon answers no calls, so its certificate can pose as neither."""


def make(folder: Path, now: datetime.datetime, days: int = DAYS) -> list[Path]:
    """Make authority and certificates; return the files.

    Args:
        folder: created if missing; nothing in it is overwritten.
        now: UTC; beginning of their validity, less a day for clocks that are wrong.
        days: validity.

    Raises:
        ConfigError: a file is there already, or the folder cannot be written.
    """
    authority = folder / "ca.pem", folder / "ca-key.pem"
    files = [*authority, *(path for role in _USES for path in files_of(folder, role)[1:])]
    there = [path for path in files if path.exists()]
    if there:
        raise ConfigError([f"{there[0]}: is there already; name an empty folder, or remove the old certificates first"])
    valid = now - datetime.timedelta(days=1), now + datetime.timedelta(days=days)
    key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("ingestd cluster", key.public_key(), key, None, valid, ())
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(authority, root, key)
        for role, uses in _USES.items():
            own = ec.generate_private_key(ec.SECP256R1())
            _, *places = files_of(folder, role)
            _write(
                (places[0], places[1]), _certificate(f"ingestd {role}", own.public_key(), key, root, valid, uses), own
            )
    except OSError as error:
        raise ConfigError([f"{folder}: cannot be written: {error.strerror}; name another folder"]) from error
    return files


def _certificate(
    name: str,
    public: ec.EllipticCurvePublicKey,
    key: ec.EllipticCurvePrivateKey,
    root: x509.Certificate | None,
    valid: tuple[datetime.datetime, datetime.datetime],
    uses: Iterable[x509.ObjectIdentifier],
) -> x509.Certificate:
    """Sign a certificate; without a root that of the authority itself. Extensions as RFC 5280 wants them."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    is_root = root is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if root is None else root.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_root,
                key_cert_sign=is_root,
                crl_sign=is_root,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(uses)), critical=False)
    return builder.sign(key, hashes.SHA256())


def _write(places: tuple[Path, Path], certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path, content, mode in (
        (places[0], certificate.public_bytes(serialization.Encoding.PEM), 0o644),
        (places[1], encoded, 0o600),
    ):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
