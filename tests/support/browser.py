"""Chromium of this machine, without a window."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_WAIT_MS = 60_000
"""Longest wait for anything; only ever reached when a test fails."""
_DROP = """([name, type, content]) => {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    return transfer;
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found, f"found no browser, expected one of {', '.join(_NAMES)}; install chromium"
    expect.set_options(timeout=_WAIT_MS)
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Open a page; fails at the end if a script of it failed."""
    context = browser.new_context(**options)
    context.set_default_timeout(_WAIT_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    try:
        page.goto(address)
        yield page
    finally:
        context.close()
    assert errors == []


def drop(page: Page, path: Path, media_type: str) -> None:
    """Let go of a file over the page."""
    content = base64.b64encode(path.read_bytes()).decode()
    transfer = page.evaluate_handle(_DROP, [path.name, media_type, content])
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
