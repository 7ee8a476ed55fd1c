"""`python -m plainfilm`, the same as the command `plainfilm`."""

import sys

from plainfilm.cli import main

if __name__ == "__main__":
    sys.exit(main())
