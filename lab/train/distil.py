"""The loss of a network that learns from labels and must not forget what its donor reads."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

TRUSTED = 0.1
"""The donor is heard on lines that it reads right: CTC loss per character of at most this."""


def _ctc(log_probability: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
    """CTC loss per character of each line; log_probability (time, n, classes)."""
    steps = torch.full_like(lengths, log_probability.shape[0])
    loss: Tensor = functional.ctc_loss(log_probability, targets, steps, lengths, reduction="none", zero_infinity=True)
    return loss / lengths


def losses(student: Tensor, donor: Tensor | None, targets: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """CTC loss, and divergence from the donor where the donor is right; both per character, means over lines.

    Args:
        student: logits (n, time, classes).
        donor: the donor's, of the same shape; None for no divergence.
        targets: classes of all lines, one after another.
        lengths: characters of each line.
    """
    read = student.float().log_softmax(-1)
    ctc = _ctc(read.transpose(0, 1), targets, lengths).mean()
    if donor is None:
        return ctc, ctc.new_zeros(())
    with torch.no_grad():
        known = donor.float().log_softmax(-1)
        trust = (_ctc(known.transpose(0, 1), targets, lengths) <= TRUSTED).float()
    apart = functional.kl_div(read, known, reduction="none", log_target=True).sum((1, 2)) / lengths
    return ctc, (apart * trust).mean()
