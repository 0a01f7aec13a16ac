"""A stand-in for BankID: the relying-party API over mutual TLS, and pages that play the BankID app."""
