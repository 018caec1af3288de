#!/usr/bin/env bash
# LJSpeech: one English reader, 24 hours of speech.  LJSPEECH=/path/to/LJSpeech-1.1 ./run.sh
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh
. ./cmd.sh

exec utils/svs.sh \
    --corpus ljspeech --corpus_dir "${LJSPEECH:-}" --corpus_hint "LJSPEECH=/path/to/LJSpeech-1.1 ./run.sh" \
    --data_args "--skip_bad_utterances true --min_sampling_rate 22050" --aligner hmm --vocoder hifigan \
    --ngpu 1 --gpu_inference true "$@"
