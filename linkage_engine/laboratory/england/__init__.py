"""Synthetic England: made-up people, their cancers and four providers' copies of them, with known truth."""
