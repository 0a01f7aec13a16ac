"""One loan's whole life per company form, played over HTTP in an environment of its own."""
