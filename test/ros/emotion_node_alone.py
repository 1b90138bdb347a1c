"""emotion_node where no package of messages is installed that it can do without."""

from __future__ import annotations

import sys
from typing import Any

from emotion_recognition.ros.emotion_node.__main__ import main

if __name__ == "__main__":
    missing: dict[str, Any] = {"foxglove_msgs": None, "vision_msgs": None}
    sys.modules.update(missing)
    sys.exit(main())
