"""Personal data as a whole: where it is encrypted, under which keys, how long it is kept, what a person may ask for."""
