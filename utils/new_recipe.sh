#!/usr/bin/env bash
# Starts a recipe as a copy of another, without its data and results: utils/new_recipe.sh NAME FROM
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
name=${1:-} from=${2:-mini}
[[ "$name" =~ ^[a-z][a-z0-9_]*$ ]] || { echo "recipe: NAME=$name should be lower-case letters, digits and _" >&2; exit 2; }
[ -f "egs/$from/run.sh" ] || { echo "recipe: FROM=$from is no recipe; there are: $(ls egs | tr '\n' ' ')" >&2; exit 2; }
[ ! -e "egs/$name" ] || { echo "recipe: egs/$name exists already" >&2; exit 2; }
mkdir "egs/$name"
(cd "egs/$from" && tar cf - --exclude=./data --exclude=./dump --exclude=./exp --exclude=./downloads .) | tar xf - -C "egs/$name"
echo "egs/$name is a copy of egs/$from. Next: set --corpus in egs/$name/run.sh (a module of svstoolkit/corpora),"
echo "adapt egs/$name/conf, then: cd egs/$name && ./run.sh --stage 0 --stop_stage 8"
