"""What comes first when the program starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

START = """
import os, pathlib, sys
import aigc_desktop.__main__, aigc_desktop.gui.opening, aigc_desktop.bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.startup import prepare
print("numpy" in sys.modules)
prepare(Paths(pathlib.Path(sys.argv[1])))
print(os.environ["OPENBLAS_NUM_THREADS"])
"""


def test_numpy_is_told_how_many_threads_before_it_is_loaded(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "2"]
