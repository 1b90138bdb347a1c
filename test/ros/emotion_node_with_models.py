"""emotion_node with the models of another folder, named by MODELS in the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from emotion_recognition.core.manifest import read_manifest
from emotion_recognition.ros.emotion_node.__main__ import main

if __name__ == "__main__":
    read_manifest.__defaults__ = (Path(os.environ["MODELS"]),)
    sys.exit(main())
