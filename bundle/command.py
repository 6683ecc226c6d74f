"""The script that becomes the application.

Not ``pyclnf/__main__.py``: the folder of a script is searched first, and pyclnf has a typing.py.
"""

import sys

from pyclnf.cli import main

sys.exit(main())
