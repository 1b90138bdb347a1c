"""`python -m emotion_recognition.tools.benchmark`."""

import sys

from emotion_recognition.tools.benchmark.command import main

if __name__ == "__main__":
    sys.exit(main())
