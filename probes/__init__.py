"""Everything that an experiment may name: actions, probes and the control."""
