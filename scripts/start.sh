#!/bin/sh
# Sets everything up on a fresh machine and opens AIGC Desktop. Arguments are passed on:
#   scripts/start.sh                 the window
#   scripts/start.sh ask "…"         the command line
set -eu
. "$(dirname -- "$0")/setup.sh"

if [ $# -eq 0 ] && [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] &&
    [ "${QT_QPA_PLATFORM:-}" != offscreen ]; then
    say "There is no display here, so no window can be opened."
    say "Without one:  scripts/start.sh ask \"your request\" --model demo   (--help shows more)"
    exit 3
fi
if [ $# -eq 0 ] && ! [ -f "$venv/.system-ready" ]; then
    need_packages libglib2.0-0 libegl1 libgl1 libfontconfig1 libxkbcommon0 libdbus-1-3 \
        libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0
fi
install_lock requirements.lock
[ $# -gt 0 ] || : >"$venv/.system-ready"
PYTHONPATH="$root" exec "$venv/bin/python" -P -m aigc_desktop "$@"
