"""egs/mini with its debug configs and every output in a folder of one's own, for the tests."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

RECIPE = Path(__file__).resolve().parents[2] / "egs/mini"


EVERY_SYSTEM = (
    *("--acoustic", "fastspeech2 fft_singer xiaoicesing gan_singer hifisinger fft_npss"),
    *("--diffusion", "smoothsinger diffsinger edm rectified_flow", "--diffusion_steps", "4 default 5:unipc"),
)


class Run:
    """The recipe with every output redirected to a folder of its own. options: of every command, such as
    `EVERY_SYSTEM`; else each stage trains its one system"""

    def __init__(self, place: Path, options: tuple[str, ...] = ()):
        self.place, self.options = place, options

    def arguments(self, *options: str) -> list[str]:
        place = self.place
        return [
            *("./run.sh", "--conf", "conf/debug", "--corpus_args", "phrases_per_song=2", "--diffusion_steps", "4 24"),
            *("--corpus_dir", f"{place}/downloads", "--truth", f"{place}/downloads/truth/label"),
            *("--datadir", f"{place}/data", "--dumpdir", f"{place}/dump", "--expdir", f"{place}/exp"),
            *self.options,
            *options,
        ]

    def __call__(self, *options: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.arguments(*options), cwd=RECIPE, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    def kill_after(self, seconds: float, *options: str) -> bool:
        """Starts the command and kills it with all its children, without warning; False if it had ended before."""
        process = subprocess.Popen(
            self.arguments(*options), cwd=RECIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(seconds) == 0, f"failed: {options}"
            return False
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
