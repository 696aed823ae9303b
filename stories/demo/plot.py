"""What happens to each story of the demonstration, as a table. Days are counted back from today.

The campaign opens in four states 20 weeks ago and everywhere 12 weeks ago. Research!America receives a
batch 112, 70, 30 and 3 days ago; the second partner joins 60 days ago and receives one 45, 20 and 4
days ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PHASE_ONE, PHASE_TWO = 140, 84
SECOND_CONSENT_TEXT = 75
LATE_PARTNER = 60
LEADING, LATE = "research-america", "lanternfield"

#: (days ago, partner) of each batch that is sealed.
BATCHES = (
    (112, LEADING),
    (70, LEADING),
    (45, LATE),
    (30, LEADING),
    (20, LATE),
    (4, LATE),
    (3, LEADING),
)
#: Batches by (partner, number) that somebody fetches and acknowledges on the next day.
ACKNOWLEDGED = {(LEADING, 1), (LEADING, 2), (LEADING, 3), (LATE, 1)}
#: The one that was fetched and is not acknowledged. The others lie in the inbox, untouched.
FETCHED = {(LATE, 3)}


@dataclass(frozen=True)
class Part:
    """One story's author and what becomes of it.

    `grid` is what the author allows, by partner ("" for later ones), as "lawmakers publication press"
    by their first letters ("lpj", j for journalists) and the name shown: "lp full". `path` names the
    steps of review, see `stories.demo.review`; each is a day after the one before it.
    """

    key: str
    author: str
    society: str
    told: int
    path: str = "approve"
    grid: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    until: int | None = None
    picture: str = ""


def allow(leading: str, late: str = "", later: str = "") -> dict[str, str]:
    """A consent grid; a line that allows nothing is left out."""
    lines = {LEADING: leading, LATE: late, "": later}
    return {key: line for key, line in lines.items() if line}


#: Handed over in the first batch. Nobody but Research!America was a partner then.
FIRST = [
    Part("s01", "Ingrid|Amundsen", "quillbrook", 138, grid=allow("lp full", later="lp full"), tags=("animals", "rural")),
    Part("s02", "Mary Beth|Yoder", "quillbrook", 137, grid=allow("l first"), tags=("rural", "on-hold")),
    Part("s04", "Lourdes|Barrientos", "isscr", 136, grid=allow("lp full", later="l first"), tags=("first-in-family", "jobs")),
    Part("s65", "Lourdes|Barrientos", "isscr", 134, grid=allow("lpj full"), tags=("first-in-family",)),
    Part("s07", "Rosalind|Wainwright", "isscr", 133, grid=allow("lpj full", later="lp full")),
    Part("s09", "Benedikt|Grünwald", "larkmoor", 131, grid=allow("l full")),
    Part("s12", "Ebony|Dockery", "isscr", 130, grid=allow("lpj full"), tags=("prevention", "children")),
    Part("s14", "Delphine|Saint-Cyr", "quillbrook", 128, grid=allow("lpj full", later="lpj full"), tags=("animals",)),
    Part("s17", "Cormac|O’Shaughnessy", "isscr", 126, grid=allow("l first")),
    Part("s23", "Claudette|Desrosiers", "isscr", 125, grid=allow("lp full", later="l full"), tags=("stem-cells", "animals"), picture="straws"),
    Part("s24", "Fionnuala|Gallagher", "larkmoor", 123, grid=allow("l full"), until=50),
    Part("s33", "Józef|Kaplan", "isscr", 121, grid=allow("l full"), tags=("children", "short-and-strong")),
    Part("s34", "Esther|Lindqvist", "isscr", 119, grid=allow("lp first", later="l none"), tags=("rare-disease", "children")),
    Part("s43", "Vikram|Patel", "isscr", 117, grid=allow("l full"), tags=("rural",)),
]  # fmt: skip

SECOND = [
    Part("s03", "Renée|Dangerfield", "isscr", 109, grid=allow("lpj none"), tags=("jobs", "on-hold")),
    Part("s06", "Andrzej|Kołodziej", "larkmoor", 106, "edit refuse approve", allow("lp full")),
    Part("s18", "Jamal|Oxendine", "quillbrook", 103, "edit sign approve", allow("lp full"), ("rural", "prevention")),
    Part("s26", "Pilar|Sandoval", "quillbrook", 100, grid=allow("l none", later="l none")),
    Part("s28", "Anjali|Banerjee", "isscr", 98, grid=allow("lp first", later="lp first"), tags=("children", "rare-disease")),
    Part("s32", "Yaw|Boateng", "quillbrook", 96, grid=allow("l full"), tags=("prevention",)),
    Part("s38", "Valentina|Sørensen", "larkmoor", 93, grid=allow("lp full"), tags=("rural", "short-and-strong")),
    Part("s39", "Eilidh|MacAllister", "quillbrook", 90, grid=allow("lp full")),
    Part("s42", "Bjørn|Eriksen", "quillbrook", 88, grid=allow("lpj full"), tags=("rural",)),
    Part("s44", "Itzel|Ramírez", "isscr", 86, grid=allow("p full"), tags=("jobs", "short-and-strong")),
    Part("s45", "Joaquín|Villaseñor", "isscr", 81, grid=allow("lpj full", later="lp full"), tags=("stem-cells",), picture="dish"),
    Part("s25", "Ravi|Krishnamurthy", "quillbrook", 78, grid=allow("l full"), tags=("short-and-strong",)),
]  # fmt: skip

THIRD = [
    Part("s46", "Esperanza|Olmedo", "quillbrook", 66, grid=allow("lp first"), tags=("animals", "prevention"), picture="bug"),
    Part("s49", "Naomi|Markham", "isscr", 58, grid=allow("lpj full", "lpj full"), tags=("children",)),
    Part("s50", "Anneliese|van der Meer", "isscr", 55, grid=allow("lp full", "l full"), tags=("stem-cells", "animals", "rural"), picture="sheep"),
    Part("s51", "Nizhoni|Tsosie", "quillbrook", 47, grid=allow("l none"), tags=("rural", "prevention")),
    Part("s11", "Bronwyn|Thistlethwaite", "larkmoor", 40, grid=allow("l first", "l first"), tags=("rural",)),
]  # fmt: skip

FOURTH = [
    Part("s20", "Wren|Fairweather", "quillbrook", 27, grid=allow("lp first"), tags=("prevention",)),
    Part("s47", "Priya|Chakraborty", "larkmoor", 24, grid=allow("l none"), tags=("rare-disease",)),
    Part("s48", "Dmitri|Rosenthal-Katz", "quillbrook", 21, "edit sign approve", allow("lp full", "l full")),
]  # fmt: skip

#: Approved, and due in the batches that are open now.
DUE = [
    Part("s08", "Jedediah|Oberholtzer", "quillbrook", 4, grid=allow("lp full", "lp full"), tags=("animals", "jobs")),
    Part("s15", "Demetrius|Featherstone", "quillbrook", 4, grid=allow("lpj full", "l full"), tags=("jobs",)),
    Part("s40", "Tadesse|Mekonnen", "larkmoor", 3, grid=allow("lp full")),
    Part("s55", "Ioana|Horváth", "quillbrook", 3, grid=allow("l full", "l full", "l full"), tags=("rural", "children")),
]  # fmt: skip

#: In the coordinators' hands, or back with their authors.
IN_REVIEW = [
    Part("s16", "Tamika|Balogun", "quillbrook", 1, "", allow("lp full")),
    Part("s21", "Aisling|Abernathy", "larkmoor", 2, "", allow("l first", "l first")),
    Part("s56", "Malia|Kealoha", "isscr", 3, "", allow("lp full", "lp full", "lp full"), ("stem-cells",)),
    Part("s57", "Tomáš|Eberhardt", "larkmoor", 5, "", allow("l full"), ("animals",)),
    Part("s63", "Alejandra|González Rivera", "quillbrook", 6, "", allow("lp full", "l full")),
    Part("s61", "Anouk|Fitzgerald-Moore", "quillbrook", 9, "", allow("l first")),
    Part("s31", "Chidi|Okonkwo", "isscr", 13, "", allow("lp full", later="l full"), ("first-in-family",)),
    Part("s54", "Aaliyah|Weaver", "quillbrook", 2, "", allow("l first")),
    Part("s35", "Kai|Rasmussen", "quillbrook", 6, "claim", allow("l first")),
    Part("s52", "Ramón|Arroyo-Peña", "quillbrook", 8, "claim", allow("lp full", "lp full")),
    Part("s62", "Parisa|Farrokhzad", "larkmoor", 11, "claim", allow("lp full")),
    Part("s30", "Zoë|Goldfarb", "larkmoor", 15, "edit sign", allow("l first")),
    Part("s37", "Marisela|Jaramillo", "isscr", 10, "edit sign", allow("lp full", "lp full"), ("first-in-family",)),
    Part("s10", "Darnell|Quigley", "isscr", 33, "ask", allow("lp full")),
    Part("s22", "Kwame|Mensah", "quillbrook", 12, "ask", allow("lpj full"), ("on-hold",)),
    Part("s41", "Agnieszka|Pulaski", "larkmoor", 19, "ask", allow("l none"), ("children",)),
    Part("s59", "Mehmet|Şahin", "larkmoor", 26, "ask", allow("l full"), ("stem-cells",)),
    Part("s05", "Elijah|Crowfeather", "quillbrook", 9, "edit", allow("lp first"), ("first-in-family",)),
    Part("s13", "Đức|Nguyễn", "isscr", 14, "edit", allow("lp full", later="lp full"), ("stem-cells", "rare-disease")),
    Part("s36", "Haruto|Ishikawa", "quillbrook", 7, "edit", allow("l full")),
    Part("s66", "Lourdes|Barrientos", "isscr", 5, "edit", allow("lp full", "l first"), ("children",)),
    Part("s27", "Magnus|von Hartmann", "larkmoor", 61, "decline", allow("lpj full")),
    Part("s64", "Nuno|Pereira da Silva", "isscr", 44, "decline", allow("l full")),
    # Withdrawn before anything left.
    Part("s19", "Imani|Asante", "isscr", 36, "claim", allow("l first"), ("jobs",)),
]  # fmt: skip

#: Begun and not submitted; `told` is when they were saved last.
DRAFTS = [
    Part("s29", "Chloë|Smith-Watanabe", "isscr", 20, grid=allow("lp full"), picture="fish"),
    Part("s58", "María|Fernández-Ortiz", "isscr", 15, grid=allow("lp full", "lp full")),
    Part("s60", "Ngozi|Adeyemi", "quillbrook", 8),
    Part("s53", "Cécile|Fontenot", "quillbrook", 4),
    Part("s67", "Lourdes|Barrientos", "isscr", 3),
]  # fmt: skip

SUBMITTED = [*FIRST, *SECOND, *THIRD, *FOURTH, *DUE, *IN_REVIEW]
ALL = [*SUBMITTED, *DRAFTS]

#: Authors who change a text that was approved: (days ago, story, what is replaced, by what).
CORRECTIONS = (
    (95, "s17", "I'm still a third TBD.", "I'm a full-time employee now, on two awards and one more year."),
    (18, "s28", "The whole clinic came out to look at that nose.", "The whole clinic came out to look at that nose, and nobody pretended to be busy."),
    (6, "s50", "second-cutting alfalfa, oats, mineral, clean water", "second-cutting alfalfa, oats, a little mineral, and clean water"),
)  # fmt: skip
#: The correction that waits for a coordinator; the others are approved three days later.
UNREAD_CORRECTION = "s50"

#: Authors who take their story back: (days ago, story).
WITHDRAWALS = (
    (90, "s65"),
    (66, "s09"),
    (40, "s38"),
    (33, "s19"),
    (25, "s44"),
    (16, "s25"),
    (7, "s42"),
)

#: Authors who change what they allow: (days ago, story, the whole new grid).
CHANGES_OF_CONSENT = (
    (57, "s12", allow("l first")),  # narrower: recalled, and handed over anew
    (57, "s02", allow("l first", "l first")),  # asked about the late partner, and said yes
    (55, "s39", allow("lp full", "l full")),
    (52, "s33", allow("l full", "l full")),
    (30, "s46", allow("lp first", "l first")),
    (28, "s25", allow("l full", "l full")),
    (15, "s14", allow("lpj full", "l full", "lpj full")),  # narrower for the late partner alone
)  # fmt: skip

#: The day after which the clock ends a consent whose time has run out.
EXPIRY = 49

#: What partners answer to a recall: (days ago, partner, story, answer, words).
ANSWERS = (
    (88, LEADING, "s65", "published", "On page 4 of our printed newsletter, which was mailed before your message came. Taken off our website the same day."),
    (65, LEADING, "s09", "deleted", ""),
    (55, LEADING, "s12", "deleted", ""),
    (47, LEADING, "s24", "deleted", ""),
    (38, LEADING, "s38", "cannot", "It was read aloud at a briefing and stands in the written record, which we cannot change. We use it for nothing new."),
    (15, LEADING, "s25", "deleted", ""),
)  # fmt: skip

#: Who lives across the state line from what their story is about.
LIVES_IN = {"s43": "WY"}

#: What coordinators say to an author about an edit.
REMARKS = {
    "s05": "I only moved commas and split a few sentences. It should still be you talking; if any of it doesn't sound like you, say so.",
    "s06": "I made your uncle the opening line and turned the technical terms into words that a staffer knows. The numbers are all yours.",
    "s13": "Articles and word order only, as you asked. I left every picture you paint.",
    "s18": "I tidied the spelling and made an opening line out of your own first sentence. I didn't touch “sugar”.",
    "s30": "Typos, everyday words for the chemistry, and an opening line taken from further down.",
    "s36": "Your first sentence was seven lines long; now it is four short ones. Please check that the science is still right.",
    "s37": "I took out the typos and found an opening line further down. The car and the soccer stay, of course.",
    "s48": "I wrote out what the dictation program made of it and gave it an opening line.",
    "s66": "Some commas and spellings, and your student's name is gone, because he hasn't told us that we may use it.",
}  # fmt: skip
