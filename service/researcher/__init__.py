"""tre-researcher: ask a question, watch it, fetch what was released."""
