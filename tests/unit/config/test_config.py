from __future__ import annotations

from pathlib import Path

import pytest

from ingestd import config
from ingestd.errors import ConfigError
from tests.support.places import ROOT

HERE = Path("/etc/ingestd/config.yaml")


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, HERE)
    return list(caught.value.problems)


def test_least_configuration_has_defaults_and_absolute_paths() -> None:
    parsed = config.parse("inboxes: [{path: inbox}]", HERE)
    (inbox,) = parsed.inboxes
    assert inbox.path == Path("/etc/ingestd/inbox")
    assert inbox.name == "inbox"
    assert inbox.original == "move"
    assert parsed.record.database == Path("/etc/ingestd/ingestd.db")
    assert parsed.extract.rules is None


def test_absolute_and_home_paths_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    parsed = config.parse("inboxes: [{path: /scans}, {path: ~/scans, name: mine}]", HERE)
    assert [inbox.path for inbox in parsed.inboxes] == [Path("/scans"), Path("/home/anna/scans")]


def test_all_problems_are_reported_at_once_with_their_path() -> None:
    found = problems("inboxes: [{path: a, orignal: move, watch: sometimes}]\nengine: {workers: 0}\nocr: yes")
    assert len(found) == 4
    assert any("inboxes.0.orignal: unknown key" in problem for problem in found)
    assert any("inboxes.0.watch" in problem and "'sometimes'" in problem for problem in found)
    assert any("engine.workers" in problem for problem in found)
    assert any(
        problem == "/etc/ingestd/config.yaml:3: ocr: unknown key; remove it or correct its spelling"
        for problem in found
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "config.yaml:1: found an empty file, expected keys such as 'inboxes:'"),
        ("inboxes: []", "config.yaml:1: inboxes: expected at least one folder to watch"),
        ("{}", "inboxes: missing"),
        ("inboxes: [{path: a}, {path: b/a}]", "share the name a"),
        ("inboxes: [", "not valid YAML"),
        ("- a", "found a list, expected keys"),
        (
            "inboxes: [{path: a}]\nlog: 2026-99-99",
            "config.yaml:2: not valid YAML at column 6: the value cannot be read: month must be in 1..12",
        ),
        ("inboxes: " + "[" * 500, "nested too deeply"),
        ("inboxes: [{path: a, split: code}]", "'split: code' and 'split_code' need each other"),
        ("inboxes: [{path: a, split_code: x}]", "'split: code' and 'split_code' need each other"),
        ("inboxes: [{path: a, split: code, split_code: '['}]", "expected a regular expression"),
        ("inboxes: [{path: a, split: pages}]", "inboxes.0.split"),
        ('inboxes: [{path: "a\\0b"}]', "'path' has a character that no file name can have"),
        ('inboxes: [{path: "a\\uD800b"}]', "'path' has a character that no file name can have"),
        ('inboxes: [{path: a, ignore: ["a", "\\0"]}]', "'ignore' has a character"),
        ("inboxes: [{path: ~nobody-of-this-name/inbox}]", "expected a user with a home folder"),
    ],
)
def test_wrong_files(text: str, part: str) -> None:
    assert part in "\n".join(problems(text))


def test_missing_file_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="found no such file; correct the path, or let 'ingestd init DIR'"):
        config.load(tmp_path / "none.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "SEARCH_PATH", (Path("config.yaml"),))
    with pytest.raises(ConfigError, match="ingestd init"):
        config.load(None)
    (tmp_path / "config.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="found text in UTF-16, expected UTF-8"):
        config.load(None)


def test_hash_tells_reading_options_apart_and_nothing_else() -> None:
    plain = config.parse("inboxes: [{path: a}]", HERE)
    elsewhere = config.parse("inboxes: [{path: b}]\nengine: {workers: 3}", Path("/other/config.yaml"))
    enhanced = config.parse("inboxes: [{path: a}]\nenhance: {plan: none}", HERE)
    assert config.reading_hash(plain) == config.reading_hash(elsewhere)
    assert config.reading_hash(plain) != config.reading_hash(enhanced)


def test_shipped_configuration_is_right() -> None:
    path = ROOT / "config.yaml"
    assert config.load(path).inboxes[0].path == path.parent / "inbox"


@pytest.mark.timeout(10)
def test_values_that_grow_without_end_are_cut_in_messages() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    found = problems(f"l0: &l0 [{'x' * 100}]\n{levels}inboxes: *l11\nlog: {{level: {'y' * 10_000}}}")
    assert all(len(problem) < 5000 for problem in found)
    assert any("log.level" in problem for problem in found)


def test_steps_are_accepted_by_their_former_names() -> None:
    parsed = config.parse("inboxes: [{path: a}]\nenhance: {plan: fixed, steps: [size, sheet, whiten, clahe]}", HERE)
    assert parsed.enhance.steps == ("rescale", "sheet_boundary", "bleed_through", "clahe")


def test_a_misspelt_step_is_told_with_the_names_there_are() -> None:
    (problem,) = problems("inboxes: [{path: a}]\nenhance: {steps: [sise]}")
    assert "enhance.steps.0" in problem
    assert "rescale" in problem


@pytest.mark.parametrize(
    ("engine", "problem"),
    [
        ("kind: dask", "'kind: dask' and 'scheduler' need each other"),
        ("scheduler: 'tls://a:1', certificates: c", "'kind: dask' and 'scheduler' need each other"),
        ("kind: dask, scheduler: 'tls://a:1'", "'scheduler: tls://...' and 'certificates' need each other"),
        ("kind: dask, scheduler: 'tcp://10.0.0.1:1'", "which other machines can read and forge; expected tls://"),
        ("kind: dask, scheduler: 'tcp://127.0.0.1.example.com:1'", "which other machines can read and forge"),
        ("kind: dask, scheduler: 'http://a:1'", "expected tls://HOST:PORT"),
        ("kind: dask, scheduler: 'tls://a:70000', certificates: c", "expected tls://HOST:PORT"),
    ],
)
def test_other_machines_need_certificates_off_the_loopback(engine: str, problem: str) -> None:
    assert any(problem in found for found in problems(f"inboxes: [{{path: a}}]\nengine: {{{engine}}}"))


def test_certificates_are_seen_from_the_configuration() -> None:
    text = "inboxes: [{path: a}]\nengine: {kind: dask, scheduler: 'tls://[::1]:1', certificates: c}"
    assert config.parse(text, Path("/etc/config.yaml")).engine.certificates == Path("/etc/c")
