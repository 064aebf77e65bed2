"""Whether hidden cells stay hidden: an attacker with all shown cells, and witnesses in whole numbers."""
