#!/usr/bin/env bash
# The embedded corpus: a synthetic Mandarin singer pair, made in stage 0 from public-domain songs.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh
. ./cmd.sh

exec utils/svs.sh \
    --corpus mini --corpus_dir downloads/mini --truth downloads/mini/truth/label \
    --aligner hmm --vocoder nsf_hifigan "$@"
