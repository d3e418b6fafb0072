# Sourced by start.sh and test.sh: finds Python, makes .venv, installs the lock file once.

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
venv="$root/.venv"

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3.14 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed and was not found. Install it, then run this again."
    exit 1
}

# as_root COMMAND...: runs it as root if that is possible without a question.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# need_packages NAME...: installs the Debian packages that are missing.
need_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    missing=""
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            dpkg-query -W -f='${Status}' "${package}t64" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "Installing system packages:$missing"
    # shellcheck disable=SC2086
    if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 ||
        { as_root apt-get update -qq >&2 &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2; }; }; then
        say "Please run this once, then start again:"
        say "  sudo apt-get update && sudo apt-get install -y$missing"
        exit 1
    fi
}

# install_lock FILE: makes .venv and installs FILE, unless just that was done before.
install_lock() {
    lock="$root/$1"
    stamp="$venv/.installed-$1"
    if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && cmp -s "$lock" "$stamp"; then
        return 0
    fi
    python=$(find_python)
    if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$venv"
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            need_packages "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        fi
        say "Preparing Python in .venv …"
        "$python" -m venv "$venv"
    fi
    say "Installing what is in $1 (once) …"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check \
        --require-hashes -r "$lock" >&2
    cp "$lock" "$stamp"
}
