"""Section of config.yaml about the page and the API."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from ingestd.config.section import Section

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?")
"""Value of a Host header in lower case: name, IPv4 or bracketed IPv6 address, and perhaps a port."""
_HEADER = re.compile(r"[A-Za-z0-9-]+")


class WebConfig(Section):
    """The page and the API of `ingestd web`: docs/web.md."""

    address: str = Field(default="127.0.0.1", min_length=1, description="Address to serve on; default: loopback only.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(default=5000, description="TCP port; 0: any free port.")
    socket: Path | None = Field(
        default=None, description="Unix socket to serve on instead of address and port, for a reverse proxy."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Exact values of the Host header that are answered (name:port) besides those of the loopback.",
    )
    tokens: Path = Field(default=Path("web-tokens.json"), description="File with names, roles and hashes of tokens.")
    user_header: str | None = Field(
        default=None, description="Header in which a reverse proxy names the user; believed on the Unix socket only."
    )
    user_role: Literal["read", "review", "admin"] = Field(
        default="review", description="Role of users named by the reverse proxy."
    )
    inbox: str = Field(default="", description="Name of the inbox that takes uploads; default: the first.")
    workers: PositiveInt = Field(default=1, description="Processes that read for POST /ocr.")
    waiting: PositiveInt = Field(
        default=4, description="Requests that may wait for one of them; more are answered 503 with Retry-After."
    )
    max_connections: PositiveInt = Field(default=100, description="Connections at the same time.")
    requests_per_s: PositiveFloat = Field(default=50.0, description="Requests per second and client, on average.")
    body_s: PositiveFloat = Field(default=120.0, description="Seconds within which a request has to arrive whole.")
    session_h: PositiveFloat = Field(default=12.0, description="Hours after which a browser has to sign in again.")
    lock_s: PositiveFloat = Field(
        default=300.0, description="Seconds after which a document left open on the review desk is free for others."
    )
    double_key_above: PositiveFloat | None = Field(
        default=None, description="Amounts from this one on are typed twice on the review desk; default: none."
    )
    pictures_mb: PositiveInt = Field(default=256, description="Memory for pictures of pages, in megabytes.")

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        lower = tuple(host.lower() for host in hosts)
        wrong = [host for host in lower if not _HOST.fullmatch(host)]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: expected a host name with a port where it is not 80 or 443")
        return lower

    @field_validator("user_header")
    @classmethod
    def _is_header(cls, header: str | None) -> str | None:
        if header is not None and not _HEADER.fullmatch(header):
            raise ValueError("expected the name of a header such as X-Remote-User")
        return header

    @property
    def is_loopback(self) -> bool:
        """True where nothing outside this machine can connect to the TCP port."""
        if self.address == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return False
