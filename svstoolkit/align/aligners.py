"""The aligners: from a job to phone boundaries."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from svstoolkit.align.change import spectral_change
from svstoolkit.align.hmm import Acoustics, PhoneHmm
from svstoolkit.align.intake import sound_recordings
from svstoolkit.align.job import AlignOptions, Job, Outcome, overruns, too_short
from svstoolkit.align.mfa import Mfa, align_with_mfa, read_likelihoods
from svstoolkit.align.mfcc import Mfcc, normalised
from svstoolkit.align.model_file import load_model, model_facts, save_model
from svstoolkit.align.recordings import Recordings, read_recordings
from svstoolkit.align.slurs import refine_slurs
from svstoolkit.align.training import HmmTraining, score_window, train_hmm
from svstoolkit.data.files import write_text
from svstoolkit.errors import InputError

SHORTEST_SOUND = 0.03  # seconds; what three frames of an aligner last


def align_by_score(job: Job, options: AlignOptions, nj: int = 1) -> Outcome:
    """Labels as the score has them, cut to the recording or drawn out to its end."""
    durations, failures = sound_recordings(job.wavs, nj)
    failures |= too_short(job, durations, SHORTEST_SOUND) | overruns(job, durations, options.max_overrun)
    boundaries = {u: job.transcripts[u].score_boundaries for u in durations if u not in failures}
    return Outcome(boundaries, durations, failures)


def align_by_mfa(job: Job, options: AlignOptions, mfa: Mfa, folder: Path, nj: int) -> Outcome:
    """Labels by Montreal Forced Aligner, whose files go to `folder`."""
    durations, failures = sound_recordings(job.wavs, nj)
    failures |= overruns(job, durations, options.max_overrun)
    usable = [t for u, t in job.transcripts.items() if u not in failures]
    found, failed = align_with_mfa(folder, usable, job.wavs, durations, mfa, nj)
    boundaries = {u: job.transcripts[u].phone_boundaries(edges) for u, edges in found.items()}
    failures |= {u: f"utterance {u}: {reason}" for u, reason in failed.items()}
    likelihoods = read_likelihoods(folder / "textgrids")
    return Outcome(boundaries, durations, failures, {u: likelihoods[u] for u in boundaries if u in likelihoods})


class HmmAligner:
    """The embedded GMM-HMM, trained on the corpus that it aligns.

    Args:
        folder: the model and training.log go here; a model there with the same fingerprint is used again.
        fingerprint: of everything the model depends on.
        device: torch's name of it.
    """

    def __init__(self, mfcc: Mfcc, training: HmmTraining, folder: Path, fingerprint: str, nj: int, device: str = "cpu"):
        self.mfcc, self.training = mfcc, training
        self.folder, self.fingerprint, self.nj, self.device = folder, fingerprint, nj, device

    def __call__(self, job: Job, options: AlignOptions) -> Outcome:
        recordings = read_recordings(job.wavs, self.mfcc, self.nj)
        failures = recordings.failures | overruns(job, recordings.durations, options.max_overrun)
        failures |= self._too_short(job, recordings)
        usable = [u for u in recordings.features if u not in failures]
        if not usable:
            return Outcome({}, recordings.durations, failures)
        raw = [recordings.features[u] for u in usable]
        features = normalised(raw, [job.transcripts[u].speaker for u in usable])
        changes = [spectral_change(f[:, : self.mfcc.n_mfcc]) for f in raw]
        if model_facts(self.folder).get("fingerprint") != self.fingerprint:
            sets = options.train_sets or set(job.set_of.values())
            chosen = [i for i, u in enumerate(usable) if job.set_of[u] in sets]
            self._train(job, *([values[i] for i in chosen] for values in (usable, features, changes)))
        model = load_model(self.folder, self.device)
        states = [model.states(job.transcripts[u].sounds) for u in usable]
        acoustics = Acoustics.of(features, states, changes, self.device)
        places = [job.transcripts[u].sound_boundaries for u in usable]
        offset = model_facts(self.folder)["offset"]
        window = score_window(places, offset, self.mfcc.frame_period, self.training, self.device)
        alignment = model.align(acoustics, window)
        edges = model.sound_boundaries(acoustics, alignment)
        scores = dict(zip(usable, (alignment.score.cpu() / acoustics.n_frames).tolist(), strict=True))
        boundaries = {}
        for u, frames in zip(usable, edges, strict=True):
            seconds = frames * self.mfcc.frame_period
            seconds[-1] = recordings.durations[u]
            boundaries[u] = job.transcripts[u].phone_boundaries(seconds)
        boundaries = refine_slurs(boundaries, job.transcripts, job.wavs, self.nj)
        return Outcome(boundaries, recordings.durations, failures, scores)

    def _too_short(self, job: Job, recordings: Recordings) -> dict[str, str]:
        states = self.training.states_per_phone
        return {
            u: f"utterance {u}: {len(features)} frames are too few for {len(job.transcripts[u].sounds)} phones of "
            f"{states} states; its text is too long for {job.wavs[u]}"
            for u, features in recordings.features.items()
            if len(features) < len(job.transcripts[u].sounds) * states
        }

    def _train(
        self, job: Job, utterances: Sequence[str], features: Sequence[Tensor], changes: Sequence[Tensor]
    ) -> None:
        from tqdm import tqdm

        if not utterances:
            raise InputError("no utterance is left to train the aligner on; see train_sets in the config")
        transcripts = [job.transcripts[u] for u in utterances]
        phones = sorted({phone for t in transcripts for phone in t.phones})
        numbering = PhoneHmm.flat(phones, self.training.states_per_phone, features[0], 1.0)
        acoustics = Acoustics.of(features, [numbering.states(t.sounds) for t in transcripts], changes, self.device)
        starts = [t.sound_boundaries for t in transcripts]
        log: list[str] = []
        passes = len(self.training.offsets) + self.training.uniform_start + self.training.iterations
        with tqdm(total=passes, desc="HMM", unit="pass", mininterval=1) as bar:

            def progress(message: str) -> None:
                log.append(message + "\n")
                bar.set_postfix_str(message, refresh=False)
                bar.update()

            trained = train_hmm(acoustics, starts, phones, self.mfcc.frame_period, self.training, progress)
        write_text(self.folder / "training.log", "".join(log))
        facts = {
            "offset": trained.offset,
            "start_likelihoods": trained.start_likelihoods,
            "start_changes": trained.start_changes,
            "utterances": len(utterances),
        }
        save_model(self.folder, trained.model, self.fingerprint, **facts)
