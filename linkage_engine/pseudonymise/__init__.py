"""What a provider applies to identifiers before they leave: normalisation and keyed one-way tokens."""
