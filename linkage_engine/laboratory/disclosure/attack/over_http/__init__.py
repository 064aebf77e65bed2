"""The attack on a running installation: signed questions over HTTP, by the tools that people use."""
