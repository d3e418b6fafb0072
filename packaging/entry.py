"""What the frozen program runs."""

import multiprocessing
import sys

from aigc_desktop.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
