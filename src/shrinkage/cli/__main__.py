"""`python -m shrinkage.cli` is the command `shrinkage`."""

import sys

from shrinkage.cli.main import main

sys.exit(main())
