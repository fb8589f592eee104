"""Commands of the command line that belong together, and the options that they share."""
