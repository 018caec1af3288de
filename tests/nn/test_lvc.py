"""Location-variable convolution against a loop over every sample."""

import pytest
import torch

from svstoolkit.nn.lvc import KernelPredictor, location_variable_convolution


def naive(x, kernels, bias):
    batch, _, length = x.shape
    _, frames, size, _, out = kernels.shape
    hop = length // frames
    y = torch.zeros(batch, out, length, dtype=x.dtype)
    for b in range(batch):
        for t in range(length):
            frame = t // hop
            y[b, :, t] = bias[b, frame]
            for j in range(size):
                source = t + j - size // 2
                if 0 <= source < length:
                    y[b, :, t] += x[b, :, source] @ kernels[b, frame, j]
    return y


@pytest.mark.parametrize(("frames", "hop", "size"), [(5, 4, 3), (3, 1, 3), (2, 8, 5), (4, 6, 1)])
def test_equals_a_loop_over_samples(frames, hop, size):
    x = torch.randn(2, 3, frames * hop, dtype=torch.float64)
    kernels = torch.randn(2, frames, size, 3, 4, dtype=torch.float64)
    bias = torch.randn(2, frames, 4, dtype=torch.float64)
    ours = location_variable_convolution(x, kernels, bias)
    assert torch.allclose(ours, naive(x, kernels, bias), atol=1e-12)


def test_equal_kernels_make_an_ordinary_convolution():
    x, weight, bias = torch.randn(1, 3, 40), torch.randn(6, 3, 3), torch.randn(6)
    kernels = weight.permute(2, 1, 0).expand(1, 10, 3, 3, 6)
    ours = location_variable_convolution(x, kernels, bias.expand(1, 10, 6))
    assert torch.allclose(ours, torch.nn.functional.conv1d(x, weight, bias, padding=1), atol=1e-5)


def test_gradients_are_right():
    x = torch.randn(1, 2, 12, dtype=torch.float64, requires_grad=True)
    kernels = torch.randn(1, 3, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(1, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(location_variable_convolution, (x, kernels, bias))


def test_a_length_that_is_no_multiple_of_the_frames_is_refused():
    with pytest.raises(ValueError, match="multiple"):
        location_variable_convolution(torch.zeros(1, 2, 10), torch.zeros(1, 3, 3, 2, 2), torch.zeros(1, 3, 2))


def test_predicted_kernels_have_the_layers_shape_and_fastdiffs_size():
    predictor = KernelPredictor(80, 32, 64, layers=4, kernel_size=3, hidden=64)
    # counted from the shapes that FastDiff publishes for one block
    assert sum(p.numel() for p in predictor.parameters()) == 4_892_352
    kernels, biases = predictor(torch.randn(2, 80, 7))
    assert kernels.shape == (2, 7, 4, 3, 32, 64)
    assert biases.shape == (2, 7, 4, 64)
