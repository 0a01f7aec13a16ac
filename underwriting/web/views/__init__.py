"""One module of views for each kind of reader."""
