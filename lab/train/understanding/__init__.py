"""Fit the probabilities of understood fields: labelled readings, logistic regression, reliability diagram.

python -m lab.train.understanding          # report only
python -m lab.train.understanding --write  # and write weights.yaml and docs/images/reliability.svg
"""
