"""OpenID Connect as its client: what is asked of an identity provider, and what of its answer is believed."""
