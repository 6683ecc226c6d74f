"""``python -m openface_bridge``."""

import sys

from openface_bridge.cli import main

sys.exit(main())
