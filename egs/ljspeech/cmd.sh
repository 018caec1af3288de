# How jobs are run: `local` on this machine, `slurm` through sbatch as conf/slurm.conf says.
cmd_backend=local
case $cmd_backend in
    local) launcher=utils/run.py ;;
    slurm) launcher="utils/slurm.py --config conf/slurm.conf" ;;
    *) echo "cmd.sh: unknown cmd_backend=$cmd_backend; use local or slurm" >&2; exit 1 ;;
esac
export train_cmd=$launcher cuda_cmd=$launcher decode_cmd=$launcher
