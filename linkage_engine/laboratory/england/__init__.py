"""Synthetic England: made-up people, their cancers and two providers' copies of them, with known truth."""
