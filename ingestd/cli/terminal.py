"""Output of the commands on a terminal. Untrusted text (names, readings) never reaches it unescaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ingestd.document import Level, Record, Status
from ingestd.engine import Machine
from ingestd.files.encoding import escape
from ingestd.store.queries import Failure, Overview, SearchHit, Summary, Waiting
from ingestd.store.soundness import Checked

LEVEL_STYLES = {
    Level.CONFIRMED: "bold green",
    Level.PROVED: "green",
    Level.AGREED: "green",
    Level.READ: "",
    Level.CONFLICT: "bold red",
    Level.MISSING: "dim",
}
_NAMING_FIELDS = ("invoice_no", "merchant", "seller_name", "receipt_no")
"""Fields that name a document; the first that it has is taken."""
_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3_600, 60


def console() -> Console:
    """Return standard output: colours only on a terminal and without NO_COLOR; markup is not interpreted."""
    return Console(markup=False, emoji=False, highlight=False)


def safe_text(content: object, style: str = "") -> Text:
    """Return the text of one cell: control characters escaped, markup not interpreted."""
    return Text(escape(str(content)).replace("\n", " "), style=style)


def local_time(moment: datetime) -> str:
    """Write a moment in the user's time zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def age(seconds: float) -> str:
    """Write a length of time in its largest unit.

    >>> age(12), age(600), age(7200), age(200000)
    ('12 s', '10 min', '2 h', '2 days')
    """
    for unit_s, name in ((_DAY_S, "days"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if seconds >= 2 * unit_s:
            return f"{int(seconds // unit_s)} {name}"
    return f"{int(max(0, seconds))} s"


def grid(rows: Iterable[tuple[str, RenderableType]]) -> Table:
    """Make a table of names on the left and their values on the right."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(safe_text(name), value)
    return table


def table(*headers: str) -> Table:
    """Make a table without frame whose last column takes the rest of the line."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


# -- one line per document


def headline(record: Record, seconds: float | None = None) -> str:
    """Summarise a record: kind of document, name or number, date and total with their levels."""
    fields = {field.name: field for field in record.extraction.fields if field.value is not None}
    first = next((fields[name] for name in _NAMING_FIELDS if name in fields), None)
    parts = [record.extraction.rule]
    if first is not None:
        parts.append(str(first.value))
    parts += [
        f"{name} {fields[name].value} ({fields[name].level.value})" for name in ("date", "total") if name in fields
    ]
    pages = len(record.reading.pages)
    parts.append(f"{pages} page{'s' if pages != 1 else ''}, {len(record.reading.lines)} lines")
    if seconds is not None:
        parts.append(f"{seconds:.1f} s")
    return escape(" · ".join(parts))


# -- status


def status_view(
    status: Overview, newest: Sequence[Summary], warnings: Sequence[str] = (), machines: Sequence[Machine] = ()
) -> RenderableType:
    """Render counts, the file that waits longest, the last failures and documents, what is wrong, other machines."""
    review = f", {status.review:,} for review" if status.review else ""
    parts: list[RenderableType] = [
        grid(
            [
                ("documents", Text(f"{status.documents:,} ({status.pages:,} pages){review}")),
                ("recorded", Text(f"{status.last_hour:,} in the last hour, {status.last_day:,} in the last day")),
                (
                    "files",
                    safe_text(", ".join(f"{count:,} {state}" for state, count in status.jobs.items()) or "none yet"),
                ),
                ("waiting", _waiting(status.oldest)),
                *([("database", _soundness(status.check))] if status.check else []),
            ]
        )
    ]
    parts += [safe_text(f"\n{warning}", "bold red") for warning in warnings]
    if status.blind:
        shown = "" if len(status.blind_spots) == status.blind else f", {len(status.blind_spots)} of them"
        parts += [
            Text(f"\n{status.blind:,} places cannot be looked at, so nothing is taken from them{shown}", "bold red"),
            *(Padding(safe_text(f"{spot.path}: {spot.problem}"), (0, 0, 0, 2)) for spot in status.blind_spots),
        ]
    if machines:
        parts += [Text("\nmachines"), Padding(_machines(machines), (0, 0, 0, 2))]
    if newest:
        parts += [Text("\nlast recorded"), Padding(_summaries(newest), (0, 0, 0, 2))]
    if status.failures:
        total = status.jobs["failed"]
        shown = "" if len(status.failures) == total else f", the last {len(status.failures)}"
        parts += [
            Text(f"\n{total:,} failed{shown}; 'ingestd retry JOB' tries again"),
            Padding(_failures(status.failures), (0, 0, 0, 2)),
        ]
    return Group(*parts)


def _machines(machines: Sequence[Machine]) -> RenderableType:
    return grid(
        [
            (
                one.name,
                safe_text(one.problem, "bold red")
                if one.problem
                else Text(
                    f"{one.in_work} of {one.slots} in work, {one.documents:,} replies,"
                    f" {one.sent_bytes / 1e6:,.0f} MB sent, {one.restarts} restarts"
                ),
            )
            for one in sorted(machines, key=lambda one: one.name)
        ]
    )


def _soundness(check: Checked) -> Text:
    if check.sound:
        return Text(f"sound, checked whole on {local_time(check.ended_at)}")
    return safe_text(f"damaged on {local_time(check.ended_at)}: {check.found}; restore a backup", "bold red")


def _waiting(oldest: Waiting | None) -> Text:
    if oldest is None:
        return Text("nothing")
    reason = f": {oldest.reason}" if oldest.reason else ""
    return safe_text(
        f"{oldest.name} for {age(oldest.age_s)} in {oldest.inbox} (job {oldest.job_id}, {oldest.state}){reason}"
    )


def _summaries(documents: Sequence[Summary]) -> Table:
    rows = table("doc", "recorded", "status", "rule", "name")
    for document in documents:
        style = "yellow" if document.status == Status.REVIEW else ""
        rows.add_row(
            str(document.id),
            local_time(document.recorded_at),
            Text(document.status, style=style),
            safe_text(document.rule),
            safe_text(document.name),
        )
    return rows


def _failures(failures: Sequence[Failure]) -> Group:
    """Render two lines per failure: the file, and the reason."""
    parts: list[RenderableType] = []
    for failure in failures:
        when = (f"  {local_time(failure.failed_at)}, {escape(failure.inbox)}", "dim")
        parts.append(Text.assemble((f"{failure.job_id}", "bold"), "  ", safe_text(failure.name), when))
        reason = Text.assemble((escape(failure.code), "red"), ": ", safe_text(failure.reason))
        parts.append(Padding(reason, (0, 0, 0, 2)))
    return Group(*parts)


# -- search


def hits_view(hits: Sequence[SearchHit], words: Sequence[str]) -> RenderableType:
    """Render two lines per document: its name, and the text around the first word found."""
    parts: list[RenderableType] = []
    for hit in hits:
        found = safe_text(hit.excerpt)
        found.highlight_words(list(words), "bold", case_sensitive=False)
        document = hit.document
        parts += [
            Text.assemble(
                (f"{document.id}", "bold"),
                "  ",
                safe_text(document.name),
                (f"  {escape(document.rule)}, {document.status}, {local_time(document.recorded_at)}", "dim"),
            ),
            Padding(found, (0, 0, 0, 2)),
        ]
    return Group(*parts)
