#!/usr/bin/env bash
# Make the virtual environment $1 with the locked dependencies and this checkout in it.
set -euo pipefail
target=$1
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: $python is missing or older than 3.11; install it or set PYTHON=/path/to/python3.11" >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing python3-venv"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "setup: $python cannot make virtual environments; install python3-venv" >&2
        exit 2
    fi
fi
echo "setup: virtual environment with locked dependencies in $target (about a minute, once)"
"$python" -m venv --clear "$target"
"$target/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
"$target/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch "$target/.ready"
