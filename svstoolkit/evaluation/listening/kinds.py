"""The kinds of listening test: what is asked, on which scale, and when an answer is out of bounds."""

from dataclasses import asdict, dataclass

BETTER = ("much better", "better", "slightly better")


@dataclass(frozen=True)
class Scale:
    """One question. labels: from the lowest value to the highest; empty on a continuous scale"""

    name: str
    short: str
    title: str
    question: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of test.

    name: as given to `svs listen build --kind`
    scales: asked one after the other about each presentation
    lowest, highest: bounds of an answer; ranking: places, highest = number of systems
    together: a trial presents several stimuli side by side
    per_stimulus: there is an answer to each stimulus of a trial, not one to each scale
    whole: a trial presents every condition of an utterance
    max_repeat_difference: a listener whose repeated answers differ more than this on average is rejected
    instructions: paragraphs
    source: where the procedure is defined
    """

    name: str
    title: str
    scales: tuple[Scale, ...]
    lowest: int
    highest: int
    together: bool
    per_stimulus: bool
    whole: bool
    max_repeat_difference: float
    instructions: tuple[str, ...]
    source: str

    def n_values(self, n_stimuli: int) -> int:
        return n_stimuli if self.per_stimulus else len(self.scales)

    def for_page(self) -> dict:
        """What the page's script needs of it."""
        wanted = ("name", "lowest", "highest", "together", "per_stimulus")
        return {key: value for key, value in asdict(self).items() if key in wanted} | {
            "scales": [asdict(scale) for scale in self.scales]
        }


OPINION = ("Bad", "Poor", "Fair", "Good", "Excellent")
HEADPHONES = "Use headphones in a quiet room. Each recording must be heard to its end before you can go on."
ATTRIBUTES = {
    "quality": Scale("quality", "Quality", "Quality", "How do you rate the quality of this singing?", OPINION),
    "naturalness": Scale("naturalness", "Naturalness", "Naturalness", "How natural is this singing?", OPINION),
}


def _kind(
    name, title, scales, bounds, *, repeat, instructions, source, together=False, per_stimulus=False, whole=False
):
    return Kind(
        name, title, scales, *bounds, together, per_stimulus, whole, repeat, (*instructions, HEADPHONES), source
    )


KINDS = {
    kind.name: kind
    for kind in (
        _kind(
            "mos",
            "Mean opinion score",
            (ATTRIBUTES["quality"],),
            (1, 5),
            repeat=1.5,
            instructions=(
                "You will hear short sung phrases, one at a time, and rate each from 1 (bad) to 5 (excellent).",
                "Judge what you hear: there are no right or wrong answers, and the phrases come from several sources.",
            ),
            source="ITU-T P.800 (08/96), Annex B: absolute category rating",
        ),
        _kind(
            "sig_bak",
            "Signal, background and overall",
            (
                Scale(
                    "sig",
                    "SIG",
                    "The singing voice",
                    "Attend only to the singing voice. How do you find it?",
                    ("Very distorted", "Fairly distorted", "Somewhat distorted", "Slightly distorted", "Not distorted"),
                ),
                Scale(
                    "bak",
                    "BAK",
                    "The background",
                    "Attend only to the background. How do you find it?",
                    (
                        "Very intrusive",
                        "Somewhat intrusive",
                        "Noticeable, not intrusive",
                        "Slightly noticeable",
                        "Not noticeable",
                    ),
                ),
                Scale("ovrl", "OVRL", "Overall", "How do you rate the whole, voice and background together?", OPINION),
            ),
            (1, 5),
            repeat=1.5,
            instructions=(
                "You will hear short sung phrases. Each is heard three times, and each time you attend to something "
                "else: to the singing voice alone, to the background alone (noise, hum, artefacts beside the voice), "
                "and to both.",
                "Judge what you hear: there are no right or wrong answers.",
            ),
            source="ITU-T P.835 (11/03)",
        ),
        _kind(
            "ranking",
            "Ranking",
            (Scale("rank", "Rank", "Ranking", "Put these in order: 1 is the best.", ()),),
            (1, 9),
            together=True,
            per_stimulus=True,
            whole=True,
            repeat=0.5,
            instructions=(
                "You will hear the same sung phrase in several versions. Put them in order, from 1, the best.",
                "You can hear each as often as you like. Two never share a place: if in doubt, follow your ear.",
            ),
            source="forced-choice ranking",
        ),
        _kind(
            "cmos",
            "Comparison",
            (
                Scale(
                    "comparison",
                    "CMOS",
                    "Comparison",
                    "Which of the two do you find better?",
                    (
                        *(f"A {how}" for how in BETTER),
                        "about the same",
                        *(f"B {how}" for how in reversed(BETTER)),
                    ),
                ),
            ),
            (-3, 3),
            together=True,
            repeat=2.0,
            instructions=(
                "You will hear pairs of recordings, A and B, of the same sung phrase, and say which you find better, "
                "and by how much.",
                "If you hear no difference, say so: “about the same” is a good answer.",
            ),
            source="ITU-T P.800 (08/96), Annex E: comparison category rating",
        ),
        _kind(
            "mushra",
            "Rating against a reference",
            (
                Scale(
                    "score",
                    "Score",
                    "Rating against the reference",
                    "How good is each, held against the reference?",
                    (),
                ),
            ),
            (0, 100),
            together=True,
            per_stimulus=True,
            whole=True,
            repeat=25.0,
            instructions=(
                "You will hear a reference recording of a sung phrase and several versions of it. Rate how good each "
                "version is, held against the reference, from 0 (bad) to 100 (excellent).",
                "One of the versions is the reference itself, in disguise: it should get 100. You can switch between "
                "the versions while they play, and hear each as often as you like.",
            ),
            source="ITU-R BS.1534-3 (10/15)",
        ),
    )
}
