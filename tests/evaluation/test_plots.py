import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "page"))
from fake_page import SYSTEMS, fake_set

from svstoolkit.evaluation.plots import draw_figures, mel_comparison, speed_against_quality, steps_against_quality
from svstoolkit.evaluation.report import values_of
from svstoolkit.evaluation.results import aggregate
from svstoolkit.evaluation.tables import overview
from svstoolkit.features.definition import FeatureDefinition


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    output = tmp_path_factory.mktemp("figures")
    scored = fake_set(output, modes=("score",))
    return output, scored, overview(aggregate(values_of(scored)), {"test": 3})


def test_every_figure_is_drawn_once(scored):
    output, scored_set, tables = scored

    def draw():
        return draw_figures(output, scored_set.plan.jobs, tables, scored_set.plan.decoded)

    figures = draw()
    names = [figure["document"] for figure in figures]
    assert names == [f"figures/{kind}_test.pdf" for kind in ("mel", "steps", "speed")]
    stamps = []
    for figure in figures:
        with Image.open(output / figure["picture"]) as image:
            assert image.size == (figure["width"], figure["height"])
        assert (output / figure["document"]).read_bytes().startswith(b"%PDF")
        stamps.append((output / figure["picture"]).stat().st_mtime_ns)
    assert draw() == figures
    assert [(output / figure["picture"]).stat().st_mtime_ns for figure in figures] == stamps
    scored_set.plan.decoded.pop()  # one system less on one figure
    draw()
    fresh = [(output / f["picture"]).stat().st_mtime_ns != s for f, s in zip(figures, stamps, strict=True)]
    assert fresh == [False, False, True]


def test_steps_join_a_family_and_show_its_means(scored):
    table = scored[2][0]
    axis = steps_against_quality(table, {"singer_4": 4, "singer_24": 24}).axes[0]
    (line,) = (c.lines[0] for c in axis.containers)
    means = {ln.system: ln.cells[0].row.mean for ln in table.lines}
    np.testing.assert_allclose(line.get_xydata(), [[4, means["singer_4"]], [24, means["singer_24"]]])
    assert axis.get_ylabel() == "MCD, dB ↓"
    assert axis.get_legend().texts[0].get_text() == "singer"


def test_every_system_is_named_at_its_speed(scored):
    table = scored[2][0]
    axis = speed_against_quality(table, {"singer_4": 0.1, "rival": 0.02, "copy_synthesis": 0.01}).axes[0]
    assert [text.get_text() for text in axis.texts] == ["rival", "singer 4"]  # of the other there is no score
    assert [text.xy[0] for text in axis.texts] == [0.02, 0.1]


def test_mels_share_their_axes():
    rng = np.random.default_rng(0)
    sounds = {system: 0.1 * rng.standard_normal(24000 + 2400 * k) for k, system in enumerate(SYSTEMS)}
    figure = mel_comparison({f"{s} {k}": x for k, (s, x) in enumerate(sounds.items())}, FeatureDefinition())
    assert len(figure.axes) == len(sounds)
    assert len({axis.get_xlim() for axis in figure.axes}) == 1
    assert figure.axes[0].get_title(loc="left") == "singer 4 0"
