"""The project linkage secret by ceremony: sealed to each provider by the lead provider, relayed unread."""
