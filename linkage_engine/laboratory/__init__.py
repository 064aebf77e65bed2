"""Evaluation on data with known truth: accuracy, re-identification, disclosure; synthetic England."""
