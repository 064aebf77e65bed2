"""What data sets, codes, tumour groups and age bands mean: data, not code."""
