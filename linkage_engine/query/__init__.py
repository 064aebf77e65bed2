"""A question becomes a plan, the plan one statement, the statement exact cells that stay inside."""
