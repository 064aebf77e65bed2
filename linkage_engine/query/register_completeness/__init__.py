"""How complete practices' registers of people with cancer are, against the registry of cancers."""
