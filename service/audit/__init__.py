"""The audit log: entries, a Merkle tree over them, signed checkpoints, an offline verifier."""
