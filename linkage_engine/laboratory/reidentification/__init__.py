"""What somebody without the secret could learn from encodings, measured on people who are known."""
