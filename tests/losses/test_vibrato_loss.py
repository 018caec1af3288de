"""The vibrato loss on sines: blind to phase, not to rate or extent, and to nothing outside sustained notes."""

import math

import pytest
import torch

from svstoolkit.losses.vibrato import (
    modulation_spectrum,
    steady_frames,
    vibrato_loss,
    vibrato_windows,
    without_vibrato,
)

PERIOD = 256 / 24000
FRAMES = 200


def vibrato(rate: float = 5.5, extent: float = 0.4, phase: float = 0.0) -> torch.Tensor:
    time = torch.arange(FRAMES, dtype=torch.float64) * PERIOD
    return (extent * torch.sin(2 * math.pi * rate * time + phase))[None]


STEADY = torch.ones(1, FRAMES, dtype=torch.bool)


@pytest.mark.parametrize("rate", [4.5, 5.5, 6.5])
def test_a_sine_has_its_amplitude_at_its_rate(rate):
    spectrum = modulation_spectrum(vibrato(rate, 0.4), PERIOD)[0]
    assert spectrum.max(-1).values.mean() == pytest.approx(0.4, rel=0.06)


def test_phase_does_not_matter_and_rate_and_extent_do():
    same = vibrato_loss(vibrato(phase=0.3), vibrato(phase=2.1), STEADY, PERIOD)
    still = vibrato_loss(0 * vibrato(), vibrato(), STEADY, PERIOD)
    slower = vibrato_loss(vibrato(4.0), vibrato(6.5), STEADY, PERIOD)
    smaller = vibrato_loss(vibrato(extent=0.2), vibrato(extent=0.4), STEADY, PERIOD)
    assert same < 0.1 * still
    assert slower > 0.6 * still
    assert smaller == pytest.approx(0.5 * float(still), rel=0.05)


def test_a_glide_is_no_vibrato():
    glide = torch.linspace(-2, 2, FRAMES, dtype=torch.float64)[None]
    assert vibrato_loss(vibrato() + glide, vibrato(), STEADY, PERIOD) < 1e-9


def test_descent_from_a_straight_note_gives_a_vibrato_of_some_phase():
    torch.manual_seed(0)
    contour = (0.01 * torch.randn(1, FRAMES, dtype=torch.float64)).requires_grad_()
    optimizer = torch.optim.Adam([contour], 0.01)
    for _ in range(300):
        optimizer.zero_grad()
        vibrato_loss(contour, vibrato(), STEADY, PERIOD).backward()
        optimizer.step()
    assert modulation_spectrum(contour.detach(), PERIOD)[0].max(-1).values.mean() == pytest.approx(0.4, rel=0.15)


def test_only_windows_within_sustained_notes_count():
    steady = STEADY.clone()
    steady[0, 60:] = False
    found = vibrato_windows(steady, PERIOD)[0]
    assert found.any()
    spoilt = vibrato()
    spoilt[0, 60:] += 7 * torch.randn(FRAMES - 60, dtype=torch.float64)
    expected = vibrato_loss(vibrato(extent=0.1), vibrato(), steady, PERIOD)
    assert vibrato_loss(vibrato(extent=0.1), spoilt, steady, PERIOD) == pytest.approx(float(expected))
    assert vibrato_loss(vibrato(), spoilt, torch.zeros_like(STEADY), PERIOD) == 0
    assert vibrato_loss(vibrato()[:, :10], spoilt[:, :10], STEADY[:, :10], PERIOD) == 0


def test_the_slow_part_keeps_a_wrong_pitch_and_loses_vibrato():
    kept = without_vibrato(0.7 + vibrato(), STEADY, PERIOD)
    assert (kept[0, 20:-20] - 0.7).abs().max() < 0.05
    steady = STEADY.clone()
    steady[0, 100:] = False
    mixed = without_vibrato(0.7 + vibrato(), steady, PERIOD)
    torch.testing.assert_close(mixed[:, 100:], 0.7 + vibrato()[:, 100:])


def test_sustained_is_away_from_changes_of_pitch():
    since, until = torch.arange(40.0)[None], torch.arange(40.0).flip(0)[None]
    pitched = torch.ones(1, 40, dtype=torch.bool)
    pitched[0, 20] = False
    found = steady_frames(since, until, pitched, PERIOD)[0]
    assert found.nonzero().flatten().tolist() == [*range(12, 20), *range(21, 28)]
