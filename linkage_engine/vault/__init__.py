"""Records at rest: encrypted Parquet, read into a locked in-memory DuckDB."""
