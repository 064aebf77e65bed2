"""HTTP manners: problem details, transactions, limits."""
