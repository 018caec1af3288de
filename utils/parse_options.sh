# Sourced by recipes' scripts, after the defaults: `--name value` sets $name, as Kaldi's script of this name does.
# Dashes and underscores are one (--stop-stage = --stop_stage); booleans are `true` or `false`; an unknown option,
# --name=value and stray positional arguments are errors. $help_message answers --help.

_option_error() { echo "$(basename "$0"): $1" >&2; exit 2; }

while [ $# -gt 0 ]; do
    case "$1" in
        -h | --help) printf '%s\n' "$help_message"; exit 0 ;;
        --*=*) _option_error "write '${1%%=*} ${1#*=}', not '$1'" ;;
        --?*) ;;
        *) _option_error "no positional arguments are taken, but '$1' was given" ;;
    esac
    _name=${1#--}
    _name=${_name//-/_}
    [[ "$_name" =~ ^[a-z][a-z0-9_]*$ ]] && [ -n "${!_name+set}" ] && [[ " $option_names " == *" $_name "* ]] ||
        _option_error "unknown option $1; --help lists the options"
    [ $# -ge 2 ] || _option_error "option $1 needs a value"
    case "${!_name}:$2" in
        true:true | true:false | false:true | false:false) ;;
        true:* | false:*) _option_error "option $1 takes true or false, not '$2'" ;;
    esac
    printf -v "$_name" '%s' "$2"
    shift 2
done
unset _name
