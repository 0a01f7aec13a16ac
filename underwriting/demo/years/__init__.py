"""Years of a portfolio's monthly life, played on the test clock (rule X2): `borgen demo --years`."""
