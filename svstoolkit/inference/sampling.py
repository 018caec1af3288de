"""How a diffusion model is asked to sing: in how many steps, and by which sampler."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svstoolkit.errors import InputError


@dataclass(frozen=True)
class Sampling:
    """steps: sampling steps, None for the system's own number; sampler: its name, None for the system's own"""

    steps: int | None = None
    sampler: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Sampling":
        """`24`, `default`, `10:unipc` or `default:heun`. Raises ValueError for anything else."""
        steps, colon, sampler = text.partition(":")
        counted = steps.isascii() and steps.isdigit() and int(steps) > 0
        if not (counted or steps == "default") or (colon and not sampler):
            raise ValueError(
                "expected a number of sampling steps such as 24, or default, "
                f"and if wished a sampler: 10:unipc, not {text!r}"
            )
        return cls(int(steps) if counted else None, sampler or None)

    @property
    def title(self) -> str:
        """As rows of tables are named: `24`, `10_unipc`."""
        return f"{self.steps}{f'_{self.sampler}' if self.sampler else ''}"


OWN = Sampling()


@contextmanager
def finite(trained: Any) -> Iterator[None]:
    """Names the checkpoint of a `Trained` model that says something infinite while it is sampled: an InputError."""
    try:
        yield
    except FloatingPointError as error:
        raise InputError(f"{trained.checkpoint}: {error}; choose an older one with --checkpoint") from error


def samplings_of(system: Any, experiment: Path, asked: Sequence[Sampling]) -> list[Sampling]:
    """What is asked of a trained system, with its own numbers filled in, each once.

    Raises:
        InputError: a number of steps that the system's schedule does not have, or a sampler it does not know.
    """
    wanted = list(dict.fromkeys(Sampling(s.steps or system.default_steps, s.sampler) for s in asked))
    for sampling in wanted:
        try:
            system.check_sampling(sampling.steps, sampling.sampler)
        except ValueError as error:
            raise InputError(f"{experiment}: {error}; choose others, or `default` for its own") from error
    return wanted
