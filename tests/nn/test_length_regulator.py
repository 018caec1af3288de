"""The length regulator against numpy's repeat and a frame-by-frame count."""

import numpy as np
import torch

from svstoolkit.nn.length_regulator import frame_positions, phones_to_frames


def test_repeats_each_phone_over_its_frames():
    rng = np.random.default_rng(0)
    durations = rng.integers(0, 5, size=(4, 9))
    durations[1, 6:] = 0  # padding
    durations[2, 0] = 0
    values = rng.standard_normal((4, 9, 3)).astype(np.float32)
    position = frame_positions(torch.from_numpy(durations))
    frames = phones_to_frames(torch.from_numpy(values), position).numpy()
    numbers = phones_to_frames(torch.from_numpy(values[..., 0]), position).numpy()
    assert frames.shape[1] == durations.sum(1).max()
    for b in range(4):
        expected = np.repeat(values[b], durations[b], axis=0)
        np.testing.assert_array_equal(frames[b, : len(expected)], expected)
        np.testing.assert_array_equal(numbers[b, : len(expected)], expected[:, 0])
        assert not frames[b, len(expected) :].any()
        np.testing.assert_array_equal(position.mask[b].numpy(), np.arange(frames.shape[1]) < len(expected))


def test_times_are_measured_from_the_frames_centre():
    position = frame_positions(torch.tensor([[2, 0, 3], [1, 0, 0]]))
    assert position.since_start.tolist() == [[0.5, 1.5, 0.5, 1.5, 2.5], [0.5, 0, 0, 0, 0]]
    assert position.to_end.tolist() == [[1.5, 0.5, 2.5, 1.5, 0.5], [0.5, 0, 0, 0, 0]]
    assert position.phone[0].tolist() == [0, 0, 2, 2, 2]
