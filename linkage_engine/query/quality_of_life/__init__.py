"""Quality of life after a diagnosis: who was asked, who answered, and the scores of their answers."""
