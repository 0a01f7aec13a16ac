"""Use cases of accounting, one module each."""
