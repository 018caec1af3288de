"""What FastSpeech 2 is told of a score: phones, their languages and notes, their places in these, and who sings."""

import torch
from torch import Tensor, nn

PLACES = 4  # first, second, third, later: few notes have more phones

NEAREST_BEAT = 2.0  # s: farther from its note's onset a frame need not know how far


class NotePlaces(nn.Module):
    """Where a phone stands among those of its note, from both ends, and how long before its note the last one began.

    The onset consonants of a note take their time from what lies before its onset, hence the third.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.from_start = nn.Embedding(PLACES, channels)
        self.from_end = nn.Embedding(PLACES, channels)
        self.time_before = nn.Linear(2, channels)

    def forward(self, note_indices: Tensor, note_onsets: Tensor, mask: Tensor) -> Tensor:
        """note_indices: (B, N) int64; note_onsets: (B, N) seconds; mask: (B, N) → (B, N, channels)."""
        from_start, from_end = places_in_note(note_indices, mask)
        before = time_before_note(note_indices, note_onsets)
        times = torch.stack((before, torch.log(before + 0.01)), dim=-1)
        last = PLACES - 1
        places = self.from_start(from_start.clamp(max=last)) + self.from_end(from_end.clamp(max=last))
        return places + self.time_before(times)


def places_in_note(note_indices: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """How many phones of its note stand before and after each phone: two (B, N) int64, 0 where masked.

    note_indices: (B, N) int64, equal for neighbours of one note; mask: (B, N) bool
    """
    count = note_indices.shape[1]
    numbers = torch.arange(count, device=note_indices.device).expand_as(note_indices)
    begins = torch.ones_like(mask)
    begins[:, 1:] = (note_indices[:, 1:] != note_indices[:, :-1]) | (mask[:, 1:] != mask[:, :-1])
    first = torch.where(begins, numbers, torch.zeros_like(numbers)).cummax(1).values
    ends = torch.cat((begins[:, 1:], torch.ones_like(begins[:, :1])), dim=1)
    last = torch.where(ends, numbers, torch.full_like(numbers, count)).flip(1).cummin(1).values.flip(1)
    return (numbers - first) * mask, (last - numbers) * mask


def time_before_note(note_indices: Tensor, note_onsets: Tensor) -> Tensor:
    """Seconds from the onset of the note before to that of each phone's note: (B, N), 0 for the first note's."""
    steps = torch.zeros_like(note_onsets)
    steps[:, 1:] = (note_onsets[:, 1:] - note_onsets[:, :-1]).clamp(min=0.0)
    changes = torch.zeros_like(note_indices, dtype=torch.bool)
    changes[:, 1:] = note_indices[:, 1:] != note_indices[:, :-1]
    numbers = torch.arange(note_indices.shape[1], device=note_indices.device).expand_as(note_indices)
    first = torch.where(changes, numbers, torch.zeros_like(numbers)).cummax(1).values
    return steps.gather(1, first)


class ScoreEmbedding(nn.Module):
    """What a phone is and what its note asks of it: (B, N, channels).

    Pitch and duration enter as numbers, not through tables, so that a note never seen in training lies between its
    neighbours.

    n_phones: 0 = padding; n_languages: 0 for a model that is told none; note_places: whether it is told `NotePlaces`
    """

    def __init__(self, n_phones: int, channels: int, n_languages: int = 0, note_places: bool = False):
        super().__init__()
        self.phone = nn.Embedding(n_phones, channels, padding_idx=0)
        self.note = nn.Linear(2, channels)
        self.note_duration = nn.Linear(2, channels)
        self.slur = nn.Embedding(2, channels)
        self.language = nn.Embedding(n_languages + 1, channels, padding_idx=0) if n_languages else None
        self.places = NotePlaces(channels) if note_places else None

    def forward(
        self,
        phones: Tensor,
        notes: Tensor,
        note_durations: Tensor,
        slurs: Tensor,
        mask: Tensor,
        languages: Tensor | None = None,
        note_indices: Tensor | None = None,
        note_onsets: Tensor | None = None,
    ) -> Tensor:
        """As of `FastSpeech2`. Raises ValueError when the model was built for what is not given."""
        sounding = (notes > 0).float()
        note = torch.stack(((notes - 60.0) / 12.0 * sounding, sounding), dim=-1)
        duration = torch.stack((note_durations, torch.log(note_durations.clamp(min=0.0) + 0.01)), dim=-1)
        x = self.phone(phones) + self.note(note) + self.note_duration(duration) + self.slur(slurs)
        if self.language is not None:
            if languages is None:
                raise ValueError("this model was built with n_languages; give it the languages of the phones")
            x = x + self.language(languages)
        if self.places is not None:
            if note_indices is None or note_onsets is None:
                raise ValueError("this model was built with note_places; give it note_indices and note_onsets")
            x = x + self.places(note_indices, note_onsets, mask)
        return x


class SingerEmbedding(nn.Embedding):
    """Singers by id, or mixed: the weighted mean of their embeddings."""

    def forward(self, singers: Tensor) -> Tensor:
        """singers: (…) int64 ids or (…, n_singers) float weights that sum to 1 → (…, channels)."""
        if not singers.is_floating_point():
            return super().forward(singers)
        if singers.shape[-1] != self.num_embeddings:
            raise ValueError(f"{singers.shape[-1]} weights for {self.num_embeddings} singers")
        return singers.to(self.weight.dtype) @ self.weight
