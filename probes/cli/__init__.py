"""Commands that join `chaos`. They import what they need when they run: `chaos --help` stays quick."""
