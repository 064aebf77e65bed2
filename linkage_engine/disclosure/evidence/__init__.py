"""What checkers are told of a table and readers are not; it decides nothing."""
