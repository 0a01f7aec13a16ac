"""The service. Importing it lets the garbage collector run more seldom, in every process that does.

Modules, tables and routes stay as long as the process; to look through them again and again while they are made was a
fifth of the time of a start. Few requests make a circle of objects, so little waits to be found.
"""

import gc

gc.set_threshold(50_000, 20, 20)
