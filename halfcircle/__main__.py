"""``python -m halfcircle`` is the command ``halfcircle``."""

import sys

from halfcircle.study.cli import main

if __name__ == "__main__":
    sys.exit(main())
