"""Learning-rate schedules that torch has not."""

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


class InverseSquareRootLR(LRScheduler):
    """Linear warm-up to the optimizer's rate, then its decay with the root of the steps.

    lr(s) = lr·min(s/w, √(w/s)), s = 1, 2, … ("Attention is all you need", equation 3, with lr = (w·d)^(−1/2))

    warmup_steps: w. Raises ValueError below 1.
    """

    def __init__(self, optimizer: Optimizer, warmup_steps: int):
        if warmup_steps < 1:
            raise ValueError(f"warmup_steps must be at least 1, not {warmup_steps}")
        self.warmup_steps = warmup_steps
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        """The rate of each parameter group at the next step."""
        step, warmup = self.last_epoch + 1, self.warmup_steps
        return [rate * min(step / warmup, (warmup / step) ** 0.5) for rate in self.base_lrs]
