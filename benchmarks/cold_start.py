"""Cold start to an interactive window, and memory: ratios to an empty PySide6 window.

Each run is a process of its own; ours and the empty one take turns, so that a noisy machine
disturbs both. Interactive: the first paint is done, the event loop has turned once after it, and
the composer takes typing. Complete: the backend runs and the sessions are being listed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 9
TARGET_RATIO = 1.5

EMPTY = """
import sys, time
began = float(sys.argv[1])
from PySide6.QtCore import QTimer, QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            window.removeEventFilter(self)
            QTimer.singleShot(0, done)
        return False
def done():
    import resource
    print(time.time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    app.quit()
watch = Watch()
window.installEventFilter(watch)
window.resize(1180, 780)
window.show()
app.exec()
"""

OURS = """
import sys, time
began = float(sys.argv[1])
from aigc_desktop.__main__ import main
import gc
gc.disable()  # As main() does before the import that comes next.
import aigc_desktop.gui.opening as opening
seen = []
def painted():
    seen.append(time.time() - began)
    import aigc_desktop.gui.app as app
    start = app.Workspace.start
    def ready(workspace):
        start(workspace)
        import psutil
        print(seen[0], psutil.Process().memory_info().rss // 1024, time.time() - began, flush=True)
        workspace.window().close()
    app.Workspace.start = ready
show = opening.Opening.show
def watched(self):
    self.painted.connect(painted)
    show(self)
opening.Opening.show = watched
sys.exit(main([]))
"""


def run(code: str, home: str) -> list[float]:
    """Return [seconds to interactive, resident KB, seconds to complete (ours only)]."""
    import time

    environment = {**os.environ, "AIGC_HOME": home, "PYTHONPATH": str(ROOT)}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    done = subprocess.run(
        [sys.executable, "-c", code, repr(time.time())],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        Path(home, "settings.json").write_text('{"provider": "demo"}')
        run(OURS, home), run(EMPTY, home)
        pairs = [(run(OURS, home), run(EMPTY, home)) for _ in range(RUNS)]
    ours, empty = zip(*pairs, strict=True)
    ratio = statistics.median(o[0] for o in ours) / statistics.median(e[0] for e in empty)
    print(
        json.dumps(
            {
                "benchmark": "cold_start",
                "ours_ms": round(statistics.median(o[0] for o in ours) * 1000),
                "empty_ms": round(statistics.median(e[0] for e in empty) * 1000),
                "ratio": round(ratio, 2),
                "complete_ms": round(statistics.median(o[2] for o in ours) * 1000),
                "target_ratio": TARGET_RATIO,
                "memory_mb": round(statistics.median(o[1] for o in ours) / 1024),
                "empty_memory_mb": round(statistics.median(e[1] for e in empty) / 1024),
                "ok": ratio <= TARGET_RATIO,
            }
        )
    )


if __name__ == "__main__":
    main()
