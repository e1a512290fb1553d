"""``vigie`` and ``python -m app``."""

from __future__ import annotations

import sys

from app.commands import console
from app.commands.tree import vigie


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(console.run(vigie, sys.argv[1:]))


if __name__ == "__main__":
    main()
