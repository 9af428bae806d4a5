"""From a reading to fields, by rule files or by understanding: each with its level and its reasons.

rules = load_rules(folder)
extraction = extract(reading, rules, today)
"""

from ingestd.extract.apply import extract
from ingestd.extract.lexicon.model import UNKNOWN
from ingestd.extract.rulefile.compiled import RuleSet
from ingestd.extract.rulefile.load import lint_rules, load_rules
from ingestd.extract.selftest import TestResult, run_rule_tests

__all__ = ["UNKNOWN", "RuleSet", "TestResult", "extract", "lint_rules", "load_rules", "run_rule_tests"]
