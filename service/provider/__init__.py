"""What a provider runs on its own machine: validate, pseudonymise, seal, sign and submit."""
