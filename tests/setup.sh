#!/usr/bin/env bash
# Make the virtual environment $1 with the dependencies of the lock file $2; further arguments name
# what pip installs after that without dependencies.
set -euo pipefail
target=$1 lock=$2
shift 2
python=${PYTHON:-python3}

# The version of a Python, where it can make virtual environments.
version() {
    "$1" -c 'import ensurepip, sys, venv; print(*sys.version_info[:2])' 2>/dev/null
}
# As pyenv builds it, without profile-guided optimisation, Python takes a fifth more time than the
# distribution's own of the same version.
optimised() {
    "$1" -c 'import sysconfig as it; print(it.get_config_var("CONFIG_ARGS"))' | grep -q -- --enable-optimizations
}
system=/usr/bin/python3
if [ -z "${PYTHON:-}" ] && [ -n "$(version $system)" ] && [ "$(version python3)" = "$(version $system)" ] &&
    ! optimised python3; then
    python=$system
fi

# Tell now and then how far pip has come, from its own output.
progress() {
    local fetched=0 word
    while read -r word _; do
        case $word in
            Collecting | Processing)
                fetched=$((fetched + 1))
                if [ $((fetched % 25)) -eq 0 ]; then echo "setup: $target: fetched $fetched packages"; fi
                ;;
            Installing) echo "setup: $target: installing $fetched packages" ;;
        esac
    done
}

if ! command -v "$python" >/dev/null || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: $python is missing or older than 3.11; install it or set PYTHON=/path/to/python3.11" >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing python3-venv"
        # One at a time: `make test` makes three environments side by side.
        (
            flock 9
            apt-get update -qq
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        ) 9<"$0"
    else
        echo "setup: $python cannot make virtual environments; install python3-venv" >&2
        exit 2
    fi
fi
echo "setup: virtual environment with locked dependencies in $target (once)"
"$python" -m venv --clear "$target"
# The lock names all there is. Looking for dependencies once more, the pip of Debian 12 takes the newest of what
# is locked without its extra, such as coverage[toml], and refuses that, since the lock has no hash for it.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "$target/bin/python" -m pip install --disable-pip-version-check --progress-bar off --require-hashes --no-deps \
    -r "$lock" 2>&1 | tee "$log" | progress; then
    tail -n 20 "$log" >&2
    exit 1
fi
if [ $# -gt 0 ]; then
    "$target/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation "$@"
fi
touch "$target/.ready"
