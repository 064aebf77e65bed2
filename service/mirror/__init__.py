"""The provider's mirror: what was made of its data, and its veto of a release."""
