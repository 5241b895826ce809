"""The commands; each module is one noun of `maildock NOUN …`."""
