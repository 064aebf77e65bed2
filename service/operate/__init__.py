"""tre-operate: sets a machine up, supervises its five processes, registers people and signs permits."""
