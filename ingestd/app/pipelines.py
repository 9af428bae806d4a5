"""Pipelines of worker processes, with the rules and models that they need."""

from __future__ import annotations

import dataclasses
import functools

import ingestd
from ingestd.clock import SystemClock
from ingestd.config import Config, reading_hash
from ingestd.extract import RuleSet, load_rules
from ingestd.pipeline import AnnotatingPipeline, Copy, LinePipeline, Pipeline, pages_of
from ingestd.reading.detect import Detector
from ingestd.reading.models import Manifest, load_manifest
from ingestd.reading.orient import Classifier
from ingestd.reading.page import PageReader
from ingestd.reading.recognise.recogniser import Recogniser


def rules_of(config: Config) -> RuleSet:
    """Load the configured rules, or those that ship with ingestd.

    Raises:
        ConfigError: with all problems of all files.
    """
    rules = load_rules(config.extract.rules)
    return dataclasses.replace(rules, review_below=config.review.below)


def manifest_of(config: Config) -> Manifest:
    """Load the configured model manifest, or the one that ships with ingestd."""
    return load_manifest(config.models.folder)


def provenance_of(config: Config, rules: RuleSet, manifest: Manifest) -> dict[str, str]:
    """Return what a record says about how it was made: version and hashes."""
    return {
        "version": ingestd.__version__,
        "config": reading_hash(config),
        "rules": rules.hash,
        "models": manifest.hash,
    }


def build_pipeline(config: Config, rules: RuleSet, manifest: Manifest) -> Pipeline:
    """Load the models and build the pipeline of one worker; takes about a second.

    Rules and manifest are handed in, because a worker that starts later must not see files that were
    edited, perhaps wrongly, since the daemon checked them.
    """
    fast, careful = _page_readers(config, manifest)
    is_careful = config.reading.effort == "careful"
    return Pipeline(
        admit_options=config.admit,
        decode_options=config.decode,
        pages=careful if is_careful and careful is not None else fast,
        rules=rules,
        provenance=provenance_of(config, rules, manifest),
        today=SystemClock().today,
        careful=None if is_careful else careful,
        careful_pages=config.reading.careful_pages,
        tables=config.reading.tables,
    )


def _page_readers(config: Config, manifest: Manifest) -> tuple[PageReader, PageReader | None]:
    """Return the reader of pages as configured, and one that takes more time, None where no page is read with care.

    They share the models that both use.
    """
    options, detect, reading = config.recognise, config.detect, config.reading
    first = manifest.open(options.model)
    second = manifest.open(options.second_model) if options.second_model else None
    found = manifest.open(detect.model)
    recogniser = Recogniser(first, options, second)
    fast = PageReader(
        enhance_options=config.enhance,
        orient_options=config.orient,
        barcodes_options=config.barcodes,
        detector=Detector(found, detect),
        classify=Classifier(manifest.open(config.orient.model)),
        recogniser=recogniser,
        judge=recogniser.mean_char_confidence,
    )
    if reading.effort == "fast":
        return fast, None
    other = reading.careful_detector or detect.model
    closer = detect.model_copy(
        update={"model": other, "longest_side": max(detect.longest_side, reading.careful_longest_side)}
    )
    finer = Detector(found if other == detect.model else manifest.open(other), closer)
    third = functools.partial(manifest.open, options.third_model) if options.third_model else None
    thorough = Recogniser(second or first, options, third=third)
    return fast, dataclasses.replace(fast, detector=finer, recogniser=thorough, deblur=True)


def build_recording(config: Config, rules: RuleSet, manifest: Manifest) -> Pipeline:
    """Build a pipeline of the daemon: it makes searchable copies as configured; see :func:`build_pipeline`."""
    pipeline = build_pipeline(config, rules, manifest)
    return dataclasses.replace(pipeline, copy=_copier(config), attempts=config.ledger.attempts)


def _copier(config: Config) -> Copy | None:
    """Return the maker of searchable copies; its module needs an extra."""
    if config.output.searchable_pdf == "off":
        return None
    from ingestd.output.searchable.copy import Copier

    return Copier(
        functools.partial(pages_of, options=config.decode, limits=config.admit),
        config.admit.max_pixels,
        only_unsearchable=config.output.searchable_pdf == "instead_of_nothing",
    )


def build_annotating(config: Config, rules: RuleSet, manifest: Manifest) -> AnnotatingPipeline:
    """Build a pipeline that draws its pages too; see :func:`build_pipeline`."""
    return AnnotatingPipeline(build_pipeline(config, rules, manifest))


def build_expecting(pattern: str, config: Config, rules: RuleSet, manifest: Manifest) -> LinePipeline:
    """Build a pipeline for pictures of one line that matches a pattern; see :func:`build_pipeline`."""
    return LinePipeline(build_pipeline(config, rules, manifest), pattern)
