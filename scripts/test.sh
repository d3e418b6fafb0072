#!/bin/sh
# Sets everything up on a fresh machine and runs all checks and tests. Arguments go to pytest.
#   AIGC_CI=1 also runs the tests against foreign programs and of the frozen program.
set -eu
. "$(dirname -- "$0")/setup.sh"
cd "$root"

need_packages libglib2.0-0 libegl1 libgl1 libfontconfig1 libxkbcommon0 libdbus-1-3 \
    libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 \
    xvfb openbox xdotool fonts-dejavu-core fonts-noto-cjk gnome-keyring dbus dbus-x11 \
    libsecret-1-0 bubblewrap binutils
install_lock requirements-dev.lock
bin="$venv/bin"
export QT_QPA_PLATFORM=offscreen PYTHONPATH="$root" PYTHONFAULTHANDLER=1 LANG=C.UTF-8

say "ruff";        "$bin/ruff" check . && "$bin/ruff" format --check --quiet .
say "mypy";        "$bin/mypy"
say "import rules"; "$bin/lint-imports" --no-cache >&2

markers="not slow and not foreign and not packaging"
if [ -n "${AIGC_CI:-}" ]; then
    markers="not slow"
    command -v node >/dev/null 2>&1 || need_packages nodejs npm
    (cd tests/foreign && npm ci --silent --no-audit --no-fund >&2)
    stamp="$venv/.installed-foreign"
    if ! cmp -s requirements-foreign.lock "$stamp"; then
        "$bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
            --require-hashes -r requirements-foreign.lock >&2
        cp requirements-foreign.lock "$stamp"
    fi
fi
say "every branch of the modules that keep the user safe"
guarded="tests/agent/test_permissions.py tests/agent/test_egress.py tests/agent/test_gateway.py
    tests/agent/tools tests/files tests/config/test_log.py"
# shellcheck disable=SC2086
"$bin/coverage" run -m pytest -q $guarded
"$bin/coverage" report --fail-under=100

say "all other tests"
if [ $# = 0 ]; then
    # shellcheck disable=SC2086
    set -- $(printf -- '--ignore=%s ' $guarded)
fi
exec "$bin/python" -m pytest -n logical --maxprocesses=4 --dist=loadfile -m "$markers" "$@"
