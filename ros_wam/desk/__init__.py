"""The operator's desk: what a page in a browser, or a terminal, shows of a running sitting, and what it may ask for."""
