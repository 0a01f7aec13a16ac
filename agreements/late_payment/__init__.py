"""Late payment: reference rates, late interest, and the fees that the law lets a late claim cost (rules R4, R5)."""
