"""The books handed on to the lender's accounting: accounts, months that are closed, SIE files (rule F9)."""
