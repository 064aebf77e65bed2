"""tre-publish: a signed release becomes a page, a workbook and tables that anybody can read."""
