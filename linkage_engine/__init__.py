"""Inside: records are unsealed, validated, linked, queried and controlled here; never the network."""
