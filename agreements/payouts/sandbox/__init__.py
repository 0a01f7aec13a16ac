"""A stand-in for the lender's bank: ISO 20022 payments and answers, BgMax files, and a page for people."""
