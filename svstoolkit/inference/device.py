"""Where inference runs."""

import torch

from svstoolkit.errors import InputError


def inference_device(gpu: bool) -> str:
    """ "cuda" or "cpu".

    Raises:
        InputError: a GPU is asked for and none is there.
    """
    if gpu and not torch.cuda.is_available():
        raise InputError("a GPU was asked for, but torch sees none; leave --gpu_inference and --ngpu at their defaults")
    return "cuda" if gpu else "cpu"
