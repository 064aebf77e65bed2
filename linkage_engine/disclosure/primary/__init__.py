"""Primary rules: which single numbers are unsafe by themselves, statistic by statistic."""
