"""The public register: projects, data sets, releases and refusals by count, as pages, JSON and DCAT."""
