"""``python -m pyclnf``."""

import sys

from pyclnf.cli import main

sys.exit(main())
