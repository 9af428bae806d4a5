"""ingestd, the whole way from the file to the COMMIT of its row: a worker for each core, as in the daemon."""

from __future__ import annotations

import argparse
import pickle
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import ingestd
from ingestd.app.engines import start_engine
from ingestd.app.pipelines import build_pipeline
from ingestd.config import DetectConfig, ReadingConfig, RecogniseConfig
from ingestd.store.database import connect, transaction
from ingestd.store.documents import document_by_sha, save
from lab.bench.product import claimed, configured
from lab.bench.readers.loop import serve


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", choices=("none", "fixed", "auto"), default="auto")
    parser.add_argument("--fast", action="store_true", help="as docs/models.md says where speed counts most")
    parser.add_argument("--effort", choices=("fast", "auto", "careful"), help="reading.effort")
    parser.add_argument("--extractions", type=Path, metavar="DIR", help="folder for what was understood, by sha256")
    parser.add_argument("warm", type=Path)
    options = parser.parse_args()
    config = configured(options.plan)
    if options.fast:
        detect = DetectConfig(longest_side=608)
        once, alone = ReadingConfig(effort="fast"), RecogniseConfig(second_model=None)
        config = config.model_copy(update={"reading": once, "detect": detect, "recognise": alone})
    if options.effort:
        config = config.model_copy(update={"reading": ReadingConfig(effort=options.effort)})
    engine = start_engine(config, build_pipeline)
    with tempfile.TemporaryDirectory() as folder:
        db = connect(Path(folder) / "ingestd.db")

        def read(paths: list[str]) -> list[list[str]]:
            futures = [engine.submit(claimed(Path(path))) for path in paths]
            texts = []
            for path, future in zip(paths, futures, strict=True):
                record = future.result()
                now = datetime.now(UTC)
                with transaction(db):
                    if document_by_sha(db, record.sha256) is None:  # the page to get warm with comes again
                        save(db, record, source_path=Path(path), archive_path=None, received_at=now, recorded_at=now)
                if options.extractions is not None:
                    (options.extractions / f"{record.sha256}.pickle").write_bytes(pickle.dumps(record.extraction))
                texts.append([line.text for line in record.reading.lines])
            return texts

        # every worker has its models once it has read a page
        read([str(options.warm)] * 2 * engine.slots)
        serve("ingestd", ingestd.__version__, read)
        engine.close(finish=True)
        db.close()


if __name__ == "__main__":
    main()
