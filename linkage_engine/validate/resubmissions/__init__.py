"""Rolling resubmissions of one provider: each event once, as the latest submission has it."""
