#!/usr/bin/env bash
# The nine stages, one command each. Recipes call this from their own folder: egs/<corpus>/run.sh.
set -euo pipefail
trap : TERM USR1 # a stage that gets them saves first; this waits for its status

stage=0                 # first stage to run
stop_stage=8            # last stage to run, inclusive
dry_run=false           # print the commands instead of running them
overwrite=false         # true: redo finished work
nj=2                    # processes for stages 0, 1, 2 and 8
ngpu=0                  # GPUs for training (stages 3-6); 0 = CPU
num_nodes=1             # machines for training, each with ngpu GPUs; more than one need Slurm
gpu_inference=false     # decode (stages 5 and 7) on a GPU
corpus=                 # module of svstoolkit.corpora that reads the corpus
corpus_dir=             # where the corpus lies; several folders are separated by spaces
corpus_hint=            # how to give or fetch the corpus, said where corpus_dir is not there
corpus_args=            # options of the corpus module, key=value separated by spaces
data_args=              # further options of stage 0: --skip_bad_utterances true
seed=0                  # of the split and of synthetic corpora
train_set=train
valid_set=dev
test_sets=test
datadir=data            # data directories (stage 0, 1)
dumpdir=dump            # features (stage 2)
expdir=exp              # experiments
tag=                    # appended to the experiments' names: exp/fastspeech2_<tag>
aligner=hmm             # hmm | mfa | score | none
truth=                  # true label file, only to measure stage 1 against
acoustic=fastspeech2    # packaged systems of stages 3 to 6. Several are trained one after the other and scored side by
vocoder=nsf_hifigan     # side: "fastspeech2 gan_singer". The first acoustic model is the reference singer, the others
diffusion=smoothsinger  # are baselines; of vocoders the first one sings
distill=student         # of SmoothSinger; none leaves stage 6 out, for recipes with other diffusion models alone
teacher=                # experiment that stage 6 distils; the first of stage 5 if none is named
conf=conf               # folder of the recipe's overrides; without <conf>/<system>.yaml the packaged defaults hold
features_config= align_config=  # files to take instead of <conf>/features.yaml and <conf>/align.yaml
acoustic_config= vocoder_config= diffusion_config= distill_config=  # files, each named after, or with `inherits:`, the
                        # packaged system it changes, to train instead of those above: "conf/edm.yaml my/wide.yaml"
align_args= features_args= acoustic_args= vocoder_args= diffusion_args= distill_args=  # --dotted.key value …
diffusion_steps="4 24"  # sampling steps of stage 5's models in stage 7
student_steps="1 2"     # sampling steps of stage 6's model in stage 7
inference_args=         # further options of stage 7
score_args=             # further options of stage 8

options=$(sed -n '/^stage=0/,/^score_args=/p' "${BASH_SOURCE[0]}")
option_names=$(sed 's/#.*//' <<<"$options" | grep -oE '[a-z_]+=' | tr -d = | tr '\n' ' ')
help_message="Usage: ./run.sh [--option value …]
Runs stages --stage to --stop_stage (inclusive); a bare ./run.sh runs all nine:
  0 data  1 align  2 features  3 acoustic  4 vocoder  5 diffusion  6 distill  7 decode  8 score
Options and defaults:
$(sed 's/^/  --/' <<<"$options")"

. utils/parse_options.sh

[ -d "$conf" ] || { echo "svs.sh: --conf $conf is no folder" >&2; exit 2; }
[ -z "$corpus_hint" ] || [ "$stage" -gt 0 ] || $dry_run || [ -d "${corpus_dir%% *}" ] || {
    echo "svs.sh: ${corpus_dir:+$corpus_dir does not exist. }Where is the corpus? $corpus_hint; README.md says more" >&2
    exit 2
}
overrides() { [ ! -f "$conf/$1.yaml" ] || echo "$conf/$1.yaml"; }
: "${features_config:=$(overrides features)}" "${align_config:=$(overrides align)}"
[ "$distill" != none ] || distill=
for role in acoustic vocoder diffusion distill; do
    files=${role}_config
    [ -z "${!files}" ] || printf -v "$role" '%s' "$(for file in ${!files}; do basename "$file" .yaml; done | xargs)"
done
# config_of SYSTEM FILE …: the options that tell `svs train` what to train
config_of() {
    local system=$1 file
    shift
    for file in "$@" $(overrides "$system"); do
        [ "$(basename "$file" .yaml)" != "$system" ] || { echo "--config $file"; return; }
    done
    echo "--default $system"
}
experiments() { local system; for system in "$@"; do echo "$expdir/$system${tag:+_$tag}"; done; }
checkpoints() { experiments "${@:2}" | sed "s|.*|$1:&/checkpoints|" | xargs; }  # of a stage, as inputs of another
acoustic_exp=$(experiments ${acoustic%% *}) vocoder_exp=$(experiments ${vocoder%% *})
distill_exp=$(experiments ${distill%% *})
acoustic_exps=$(experiments $acoustic | xargs) diffusion_exps=$(experiments $diffusion | xargs)
: "${teacher:=$(experiments ${diffusion%% *})}"
sets="$train_set $valid_set $test_sets"
log=$expdir/log

# title STAGE SYSTEM FIRST …: the stage's name, and the system's for all but the first
title() { [ "$2" = "$3" ] && echo "$1" || echo "$1 $2"; }
# run NUMBER NAME "STAGE:input …" "output …" command …
run() {
    local number=$1 name=$2 inputs=$3 outputs=$4
    shift 4
    [ "$number" -ge "$stage" ] && [ "$number" -le "$stop_stage" ] || return 0
    python -m svstoolkit.bin.stage --number "$number" --name "$name" --inputs "$inputs" --outputs "$outputs" \
        --record "$expdir/stages.json" --dry_run "$dry_run" -- "$@"
}
training="--dump_dir $dumpdir --train_set $train_set --dev_set $valid_set --ngpu $ngpu --num_nodes $num_nodes --overwrite $overwrite"
machines="--gpu $ngpu --num_nodes $num_nodes"

run 0 data "" "$datadir" \
    $train_cmd --num_threads $nj $log/data.log svs data --corpus "$corpus" --corpus_dir $corpus_dir \
    --corpus_args $corpus_args --data_dir $datadir --sets $sets --seed $seed --nj $nj --overwrite $overwrite \
    $data_args

run 1 align "0:$datadir" "$datadir $expdir/align" \
    $train_cmd --num_threads $nj $log/align.log svs align --aligner $aligner \
    ${align_config:+--config "$align_config"} --data_dir $datadir --sets $sets --exp_dir $expdir/align --nj $nj \
    ${truth:+--truth $truth} --overwrite $overwrite $align_args

run 2 features "0:$datadir" "$dumpdir" \
    $train_cmd --num_threads $nj $log/features.log svs features \
    ${features_config:+--config "$features_config"} --data_dir $datadir --dump_dir $dumpdir --sets $sets \
    --train_set $train_set --nj $nj --overwrite $overwrite $features_args

for system in $acoustic; do
    exp=$(experiments $system) config=$(config_of $system $acoustic_config)
    run 3 "$(title acoustic $system $acoustic)" "2:$dumpdir/$train_set 2:$dumpdir/$valid_set" "$exp" \
        $cuda_cmd $machines $log/$system.log svs train $config --exp_dir $exp $training $acoustic_args
done

for system in $vocoder; do
    exp=$(experiments $system) config=$(config_of $system $vocoder_config)
    run 4 "$(title vocoder $system $vocoder)" "2:$dumpdir/$train_set 2:$dumpdir/$valid_set" "$exp" \
        $cuda_cmd $machines $log/$system.log svs train $config --exp_dir $exp $training $vocoder_args
done

boundary=$(overrides boundary) boundary=${boundary:+--boundary_config $boundary}
for system in $diffusion; do
    exp=$(experiments $system) config=$(config_of $system $diffusion_config)
    run 5 "$(title diffusion $system $diffusion)" "$(checkpoints 3 ${acoustic%% *}) $(checkpoints 4 ${vocoder%% *})" \
        "$exp" \
        $cuda_cmd $machines $log/$system.log svs diffusion --acoustic $acoustic_exp --vocoder $vocoder_exp \
        $config $boundary --exp_dir $exp $training $diffusion_args
done

for system in $distill; do
    exp=$(experiments $system) config=$(config_of $system $distill_config)
    run 6 "$(title distill $system $distill)" "5:$teacher/checkpoints" "$exp" \
        $cuda_cmd $machines $log/$system.log svs train $config --teacher $teacher \
        --references $teacher/references --exp_dir $exp $training $distill_args
done

run 7 decode "$(checkpoints 3 $acoustic) $(checkpoints 4 $vocoder) $(checkpoints 5 $diffusion) $(checkpoints 6 $distill)" \
    "$expdir/decode" \
    $decode_cmd --gpu $ngpu $log/decode.log svs decode --data_dir $datadir --dump_dir $dumpdir --sets $test_sets \
    --acoustic $acoustic_exps --vocoder $vocoder_exp --diffusion $diffusion_exps --steps $diffusion_steps \
    ${distill_exp:+--student $distill_exp} --student_steps $student_steps --output $expdir/decode --gpu $gpu_inference \
    --overwrite $overwrite $inference_args

run 8 score "2:$dumpdir 7:$expdir/decode" "$expdir/score" \
    $decode_cmd --num_threads $nj $log/score.log svs score --data_dir $datadir --dump_dir $dumpdir --sets $test_sets \
    --decode_dir $expdir/decode --output $expdir/score ${truth:+--alignment $expdir/align/accuracy.json} \
    --stages $expdir/stages.json --nj $nj --overwrite $overwrite $score_args
