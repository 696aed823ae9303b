"""Which column of a roster holds what, whatever a society's database calls it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: The fields that a roster can fill, with the names that people read.
FIELDS: dict[str, str] = {
    "email": "E-mail",
    "given_name": "Given name",
    "family_name": "Family name",
    "number": "Membership number",
    "home_zip": "Home ZIP",
    "work_zip": "Work ZIP",
    "institution": "Institution",
}

# Headers in lower case, letters and digits alone. A field's best name stands first: of two columns
# that would both fit, the better-named one is taken.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "email": (
        "email", "emailaddress", "mail", "primaryemail", "emailprimary", "preferredemail",
        "contactemail", "memberemail", "email1", "emailaddress1", "workemail", "homeemail",
        "personalemail", "useremail", "correo", "correoelectronico", "courriel", "emailadresse",
    ),
    "given_name": (
        "givenname", "firstname", "first", "given", "forename", "memberfirstname", "fname",
        "nombre", "prenom", "vorname", "preferredname",
    ),
    "family_name": (
        "familyname", "lastname", "last", "surname", "family", "memberlastname", "lname",
        "apellido", "apellidos", "nom", "nachname",
    ),
    "number": (
        "membershipnumber", "memberid", "membernumber", "membershipid", "memberno", "membershipno",
        "customerid", "constituentid", "imisid", "contactid", "recordid", "id", "number",
    ),
    "home_zip": (
        "homezip", "homezipcode", "homepostalcode", "homepostcode", "zip", "zipcode", "postalcode",
        "postcode", "zippostalcode", "zippostal", "ziporpostalcode", "mailingzip",
        "mailingpostalcode", "mailingzippostalcode", "primaryzip", "primarypostalcode", "addresszip",
        "codigopostal",
    ),
    "work_zip": (
        "workzip", "workzipcode", "workpostalcode", "workpostcode", "businesszip", "businesszipcode",
        "businesspostalcode", "officezip", "officezipcode", "officepostalcode", "institutionzip",
        "institutionzipcode", "companyzip", "companypostalcode", "employerzip", "organizationzip",
    ),
    "institution": (
        "institution", "institutionname", "affiliation", "organization", "organisation",
        "organizationname", "company", "companyname", "employer", "university", "workplace",
        "primaryaffiliation", "institutionaffiliation",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Where each field stands, by its position; `unused` are the headers that nothing is read from."""

    positions: Mapping[str, int]
    headers: Sequence[str]
    unused: Sequence[str] = field(default=())

    @property
    def chosen(self) -> dict[str, str]:
        """The header that each field is read from."""
        return {name: self.headers[place] for name, place in self.positions.items()}


def header_key(header: str) -> str:
    """A header without capitals, accents, spaces and marks."""
    plain = unicodedata.normalize("NFKD", header.casefold())
    return re.sub(r"[^a-z0-9]", "", plain)


def field_named(name: str) -> str | None:
    """The field that a person means by "E-mail", "family_name" or "Home ZIP"."""
    key = header_key(name)
    for known in FIELDS:
        if key == header_key(known) or key in map(header_key, _SYNONYMS[known]):
            return known
    return None


def find_columns(headers: Sequence[str], header_map: Mapping[str, str]) -> Columns:
    """Find each field's column: as `header_map` (field -> header, "" for none) says, else by its name.

    Raises ValueError in words where the map names a header that is not there, or no e-mail column is found.
    """
    for header in header_map.values():
        if header and _place_of(header, headers) is None:
            raise ValueError(f"There is no column “{header[:60]}”. {_found(headers)}")
    positions = _positions(headers, header_map)
    if "email" not in positions:
        raise ValueError(f"No column holds e-mail addresses. {_found(headers)}")
    unused = [header for place, header in enumerate(headers) if place not in positions.values()]
    return Columns(positions, headers, unused)


def guess_columns(headers: Sequence[str], header_map: Mapping[str, str]) -> dict[str, str]:
    """The header that each field would be read from, as far as one can tell; never refuses."""
    return {name: headers[place] for name, place in _positions(headers, header_map).items()}


def _positions(headers: Sequence[str], header_map: Mapping[str, str]) -> dict[str, int]:
    """Where each field stands: what the map says first, then the best-named free column."""
    positions: dict[str, int] = {}
    for name, header in header_map.items():
        place = _place_of(header, headers) if header else None
        if place is not None:
            positions[name] = place
    keys = [header_key(header) for header in headers]
    for name, synonyms in _SYNONYMS.items():
        if name in header_map:
            continue
        free = {
            key: place
            for place, key in reversed(list(enumerate(keys)))
            if place not in positions.values()
        }
        best = next((synonym for synonym in synonyms if synonym in free), None)
        if best is not None:
            positions[name] = free[best]
    return positions


def _place_of(header: str, headers: Sequence[str]) -> int | None:
    """Where a header stands, as it is written or else by its letters."""
    if header in headers:
        return list(headers).index(header)
    key = header_key(header)
    keys = [header_key(known) for known in headers]
    return keys.index(key) if key and key in keys else None


def _found(headers: Sequence[str]) -> str:
    """The columns that the file has, shortened."""
    shown = ", ".join(header[:40] or "(no name)" for header in headers[:20])
    more = f" and {len(headers) - 20} more" if len(headers) > 20 else ""
    return f"The file has: {shown}{more}."
