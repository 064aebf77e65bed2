"""Tables of exact numbers with cells hidden: the unsafe ones, and others so that margins do not tell them."""
