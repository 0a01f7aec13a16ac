"""How well a policy's points tell good credits from bad, and what its price covers, on a generated population.

    python -m underwriting.decisions.calibration --applications 20000 --seed 1 --svg calibration.svg

The population is made up: it shows that the points rank as they should, and what a price table earns if credits turn
out so. It says nothing of how credits do turn out; that takes outcomes of the lender's own.
"""
