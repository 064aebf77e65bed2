"""Synthetic England: made-up people, their cancers and five providers' copies of them, with known truth."""
