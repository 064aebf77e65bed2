"""People sign in with their organisation: sent to its identity provider, and known when they come back."""
