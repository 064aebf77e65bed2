"""Neighbourhoods: streets, postcodes, practices and the bodies they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from linkage_engine.laboratory.england.dice import Dice

# Postal area, post town, integrated care board and Cancer Alliance (GSS codes).
AREAS = (
    ("LS", "Leeds", "E54000054", "E56000030"),
    ("BD", "Bradford", "E54000054", "E56000030"),
    ("M", "Manchester", "E54000057", "E56000032"),
    ("OL", "Oldham", "E54000057", "E56000032"),
    ("B", "Birmingham", "E54000055", "E56000007"),
    ("NE", "Newcastle upon Tyne", "E54000050", "E56000029"),
    ("BS", "Bristol", "E54000039", "E56000033"),
    ("N", "London", "E54000028", "E56000027"),
    ("SE", "London", "E54000030", "E56000010"),
    ("NR", "Norwich", "E54000022", "E56000035"),
    ("EX", "Exeter", "E54000037", "E56000014"),
    ("LE", "Leicester", "E54000015", "E56000031"),
)
STREET_NAMES = (
    "Church", "Station", "Park", "Victoria", "Green", "Manor", "Kings", "Queens", "New", "Grange",
    "Mill", "Albert", "Springfield", "School", "Alexandra", "Chapel", "Highfield", "Windsor",
    "Stanley", "George", "York", "Moor", "Orchard", "Grove", "Meadow", "Clarence", "Castle", "Cedar",
    "Beech", "Holly", "Lime", "Maple", "Hawthorn", "Rectory", "Vicarage", "Wellington", "Nelson",
    "Cromwell", "Devonshire", "Cavendish",
)  # fmt: skip
STREET_KINDS = ("Road", "Street", "Lane", "Avenue", "Close", "Drive", "Crescent", "Terrace", "Gardens", "Way")
INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # Royal Mail: C I K M O V are not used in the inward code
STREETS = 26
HOMES_ON_A_STREET = 60


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives or lived."""

    line: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Street:
    """A street with its two postcodes, one a side."""

    name: str
    postcodes: tuple[str, str]

    def home(self, dice: Dice) -> tuple[int, str]:
        """A house number and its postcode."""
        number = dice.between(1, HOMES_ON_A_STREET)
        return number, self.postcodes[number % 2]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Some streets of one postal district, with the practices that serve them."""

    town: str
    icb_code: str
    alliance_code: str
    lsoa_code: str
    imd_quintile: int
    streets: tuple[Street, ...]
    practices: tuple[str, ...]

    @classmethod
    def somewhere(cls, dice: Dice) -> Neighbourhood:
        """A neighbourhood of any area."""
        area, town, icb_code, alliance_code = dice.pick(AREAS)
        district = f"{area}{dice.between(1, 28)}"
        streets = tuple(_street(dice, district) for _ in range(STREETS))
        practices = tuple(f"{dice.pick('ABCDEFGHJKLMNPY')}{dice.between(81000, 89999)}" for _ in range(3))
        lsoa_code = f"E01{dice.between(1, 33755):06d}"
        return cls(town, icb_code, alliance_code, lsoa_code, dice.between(1, 5), streets, practices)

    def address(self, dice: Dice) -> Address:
        """A home in this neighbourhood; one in seven is a flat."""
        street = dice.pick(self.streets)
        number, postcode = street.home(dice)
        flat = f"Flat {dice.between(1, 12)}, " if dice.chance(0.14) else ""
        return Address(f"{flat}{number} {street.name}, {self.town}", postcode)

    def deprivation(self, dice: Dice) -> int:
        """The quintile of a home: the neighbourhood's own or one beside it."""
        return min(5, max(1, self.imd_quintile + dice.pick((-1, 0, 0, 0, 1))))


def _street(dice: Dice, district: str) -> Street:
    sector = f"{district} {dice.between(1, 9)}"
    left, right = (f"{sector}{dice.pick(INWARD_LETTERS)}{dice.pick(INWARD_LETTERS)}" for _ in range(2))
    return Street(f"{dice.pick(STREET_NAMES)} {dice.pick(STREET_KINDS)}", (left, right))
