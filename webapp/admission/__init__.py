"""How much is worked on at once, how much may wait, and what hears "try again" (docs/operations.md, decision 007)."""
