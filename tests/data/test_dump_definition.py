"""A dump of which a set was made with another definition is refused."""

import pytest

from svstoolkit.data.definition_file import write_definition
from svstoolkit.data.dump_definition import read_dump_definition
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition


def test_all_sets_are_of_the_dump_s_definition(tmp_path):
    ours, other = FeatureDefinition(), FeatureDefinition(n_mels=128, fmin=40.0)
    for folder, definition in ((".", ours), ("train", ours), ("dev", other)):
        write_definition(tmp_path / folder / "features.yaml", definition)
    assert read_dump_definition(tmp_path, ["train"]) == ours
    with pytest.raises(InputError, match=r"between .*dev/features\.yaml and .* \(n_mels: 128 ≠ 80; fmin: 40\.0 ≠ 0\.0"):
        read_dump_definition(tmp_path, ["train", "dev"])
    with pytest.raises(InputError, match=r"test/features\.yaml does not exist; run stage 2"):
        read_dump_definition(tmp_path, ["test"])
