# The toolkit's environment, made by `make -C tools`.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PATH="$root/tools/venv/bin:$PATH" LC_ALL=C.UTF-8 PYTHONUNBUFFERED=1
[ -x "$root/tools/venv/bin/svs" ] || { echo "path.sh: no environment yet; run: make -C $root env" >&2; exit 1; }
unset root
