"""Who is registered with a practice and alive on a day, with sex, age and area, as tables of a statement."""

from __future__ import annotations

from datetime import date

from linkage_engine.catalogue.areas import Area

NOWHERE = ""
"""Area of somebody whose board is not on the list."""

REGISTERED = """
area AS (
  SELECT unnest($area_labels) AS label, unnest($area_codes) AS code
),
covering AS (
  SELECT link_id, registration_start, year_of_birth, sex, icb_code, row_number() OVER (
    PARTITION BY link_id
    ORDER BY registration_start DESC, gp_practice_code NULLS LAST, sex NULLS LAST,
      year_of_birth NULLS LAST, icb_code NULLS LAST
  ) AS turn
  FROM gp_registration
  WHERE registration_start <= $index_date AND (registration_end IS NULL OR registration_end > $index_date)
),
population AS (
  SELECT person_index.link_id, person_index.person, covering.registration_start,
    sex_code.label AS sex, band.label AS age_band, coalesce(area.label, $nowhere) AS area
  FROM covering
  JOIN person_index ON person_index.link_id = covering.link_id
  JOIN sex_code ON sex_code.code = covering.sex
  JOIN band ON $index_year - covering.year_of_birth >= band.youngest
    AND (band.oldest IS NULL OR $index_year - covering.year_of_birth <= band.oldest)
  LEFT JOIN area ON area.code = covering.icb_code
  WHERE covering.turn = 1 AND NOT EXISTS (
    SELECT 1 FROM death WHERE death.link_id = covering.link_id AND death.date_of_death <= $index_date
  )
),
"""
"""`population` has a row for each of them, by the latest registration that covers the day; after `LISTS`."""


def registered(day: date, areas: tuple[Area, ...]) -> dict[str, object]:
    """The parameters of `REGISTERED`."""
    return {
        "area_labels": [area.label for area in areas],
        "area_codes": [area.code for area in areas],
        "nowhere": NOWHERE,
        "index_date": day,
        "index_year": day.year,
    }
