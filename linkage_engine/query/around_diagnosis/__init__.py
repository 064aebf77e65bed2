"""People around their first diagnosis, against others of their age and sex: one engine, several templates."""
