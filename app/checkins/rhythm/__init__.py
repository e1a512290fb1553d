"""When a check-in comes, moves, is reminded, freezes, and how it ends: nobody falls out in silence."""
