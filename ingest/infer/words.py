"""Partners' words for ours: what they write for "no value", and what their codes of status, visa and document mean."""

from __future__ import annotations

import re
import unicodedata

from gateway.domain.people.fields import CASE_TYPES, DOCUMENT_TYPES

PLACEHOLDERS = frozenset(
    "N/A n/a NA n.a. N.A. #N/A NULL null Null (null) None NONE none nil NIL TBD tbd TBA - -- --- . ? unknown Unknown"
    " UNKNOWN unbekannt entfällt k.A. 00000000 00/00/0000 0000-00-00 00.00.0000 99991231 9999-12-31 12/31/9999"
    " 31/12/9999 31.12.9999 99999999 12/31/2999 2999-12-31 31.12.2999".split()
) | {"not available", "Not Available", "not applicable", "Not Applicable"}
NUMERIC_PLACEHOLDERS = frozenset({"00000000", "99999999", "99991231"})  # which may be values outside dates
NAMIBIA = "NA"  # a country where it stands in a column of countries
STAYS = frozenset({"D/S", "d/s", "DS", "D.S."})  # duration of status: the I-94 admission without an end date

_STATUS = {
    "active": "true a active act aktiv 1-active current employed l leave onleave loa leaveofabsence paidleave"
    " unpaidleave p parentalleave beurlaubt elternzeit suspended hired rehired open beschäftigt",
    "terminated": "false t terminated term termed inactive i inaktiv left separated resigned retired r deceased d"
    " dismissed ausgetreten austritt gekündigt former exited offboarded",
    "withdrawn": "w withdrawn cancelled canceled",
}
_SEX = {
    "F": "f female woman w weiblich frau femme",
    "M": "m male man männlich herr homme",
    "X": "x nonbinary non-binary diverse divers d other undisclosed unspecified",
}
_CASE_TYPES = {
    "H1B_EXT": "h1b h1bextension h1bext h1brenewal h1bextensionofstay",
    "H1B_CAP": "h1bcap h1bcapsubject h1bnew h1bcappetition h1binitial h1bmasterscap h1bregularcap",
    "H1B_TRANSFER": "h1btransfer h1bportability h1bchangeofemployer h1bcoe",
    "H1B_AMEND": "h1bamend h1bamendment h1bamended",
    "H1B_CONCURRENT": "h1bconcurrent h1bconcurrentemployment concurrenth1b",
    "H1B1": "h1b1 h1b1chile h1b1singapore",
    "H2A": "h2a h2aagricultural",
    "H2B": "h2b h2bnonagricultural",
    "H3": "h3 h3trainee",
    "H4": "h4 h4dependent h4dependant h4spouse",
    "H4_EAD": "h4ead eadh4 i765h4 i765c26",
    "L1A": "l1a l1amanager l1aexecutive",
    "L1B": "l1b l1bspecialized l1bspecializedknowledge",
    "L1_BLANKET": "l1blanket blanketl blanketl1",
    "L2": "l2 l2dependent l2dependant l2spouse",
    "L2_EAD": "l2ead eadl2 i765l2 l2s i765a18",
    "O1A": "o1 o1a",
    "O1B": "o1b",
    "O2": "o2",
    "P1A": "p1a p1aathlete p1athlete",
    "P1B": "p1b p1bentertainer p1entertainer",
    "P3": "p3 p3artist",
    "R1": "r1 r1religious r1religiousworker",
    "TN": "tn tn1 tn2 tnusmca tnnafta",
    "TD": "td",
    "E3": "e3 e3australian e3australia",
    "E3_EXT": "e3ext e3extension e3renewal",
    "E1": "e1 e1treatytrader",
    "E2": "e2 e2treatyinvestor",
    "F1_STEM": "f1 f1opt f1stem stemopt f1stemopt opt f1cpt",
    "J1": "j1",
    "J1_WAIVER": "j1waiver 212ewaiver",
    "K1": "k1 k1fiance k1fiancee i129f",
    "CW1": "cw1 cnmi cnmicw1",
    "U_VISA": "u1 uvisa unonimmigrant i918",
    "T_VISA": "t1 tvisa tnonimmigrant i914",
    "VAWA": "vawa i360vawa vawaselfpetition",
    "DACA": "daca i821d",
    "TPS": "tps i821",
    "ASYLUM": "asylum i589 asylumi589 affirmativeasylum",
    "PWD": "pwd prevailingwage",
    "PERM": "perm laborcertification labourcertification eta9089",
    "I140_EB1A": "eb1a i140eb1a",
    "I140_EB1B": "eb1b i140eb1b",
    "I140_EB1C": "eb1c i140eb1c",
    "I140_NIW": "niw eb2niw i140niw",
    "I140_EB2": "eb2 i140eb2",
    "I140_EB3": "eb3 i140eb3",
    "I130": "i130 familypetition",
    "I360": "i360",
    "I526": "i526",
    "I526E": "i526e",
    "I829": "i829",
    "I485": "i485 aos adjustmentofstatus",
    "I601A": "i601a provisionalwaiver",
    "I751": "i751 removalofconditions",
    "I90": "i90 greencardrenewal greencardreplacement",
    "I765": "i765 ead",
    "I765_A05": "i765a05 i765a5 eada05 eada5",
    "I765_C03B": "i765c03b i765c3b eadc03b eadc3b i765opt eadopt",
    "I765_C03C": "i765c03c i765c3c eadc03c eadc3c i765stem eadstem",
    "I765_C08": "i765c08 i765c8 eadc08 eadc8",
    "I765_C09": "i765c09 i765c9 eadc09 eadc9",
    "I765_C33": "i765c33 eadc33 dacaead eaddaca i765daca",
    "I131": "i131 advanceparole",
    "I539": "i539",
    "N400": "n400 naturalization naturalisation",
    "N600": "n600 certificateofcitizenship",
}
# words that each stand for several of ours, of which the first is proposed: folded word -> what it may mean
_VAGUE = {
    "h1b": "H1B_EXT H1B_CAP H1B_TRANSFER H1B_AMEND H1B_CONCURRENT",
    "o1": "O1A O1B",
    "f1": "F1_STEM I765_C03B",
    "f1opt": "F1_STEM I765_C03B",
    "opt": "F1_STEM I765_C03B",
    "e3": "E3 E3_EXT",
    "i765": "I765 I765_C09 H4_EAD L2_EAD",
    "ead": "I765 I765_C09 H4_EAD L2_EAD",
}
_DOCUMENTS = {
    "passport": "passport pp pass reisepass passportbook ppt",
    "visa_foil": "visa visafoil visastamp visum visasticker",
    "i94": "i94 i94record admission",
    "i797": "i797 i797a i797b i797approval approvalnotice h1bapprovalnotice",
    "ead": "ead i766 workpermit employmentauthorization employmentauthorizationdocument eadcard",
    "green_card": "greencard gc i551 permanentresidentcard lpr prc",
    "i20": "i20",
    "ds2019": "ds2019",
    "opt": "opt",
    "stem_opt": "stemopt",
    "advance_parole": "advanceparole ap i512",
    "lca": "lca eta9035",
    "i140": "i140 i140approval",
    "driver_licence": "driverlicence driverslicense driverslicence driverlicense dl führerschein",
    "h1b_maxout": "h1bmaxout maxout sixyearlimit h1bmax",
    "l1_maxout": "l1maxout",
    "i693": "i693 medical",
    "rfe": "rfe",
    "noid": "noid",
    "perm_certification": "perm permcertification laborcertification",
    "pwd": "pwd prevailingwagedetermination",
    "other": "other nationalid idcard",
}
_CASE_STATUS = {
    "open": "open pending inprocess inprogress active filed submitted",
    "approved": "approved certified certifiedexpired certified-expired granted",
    "denied": "denied rejected refused",
    "withdrawn": "withdrawn certifiedwithdrawn certified-withdrawn",
    "closed": "closed completed done",
}
_STAGES = {
    "evaluation": "evaluation intake initiated assessment",
    "document_collection": "documentcollection collectingdocuments documents gathering",
    "drafting": "drafting draft preparation inpreparation",
    "review": "review attorneyreview inreview",
    "filed": "filed submitted pending",
    "rfe_received": "rfe rfereceived rfeissued",
    "rfe_response": "rferesponse rferesponded",
    "decided": "decided approved denied certified",
    "closed": "closed completed withdrawn",
}


def folded(word: str) -> str:
    """A word without case, accents, spaces and punctuation; umlauts as they are written where there are none."""
    text = unicodedata.normalize("NFKC", word).casefold()
    for mark, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(mark, plain)
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return "".join(one for one in bare if one.isalnum())


def _table(words: dict[str, str]) -> dict[str, str]:
    return {folded(theirs): ours for ours, listed in words.items() for theirs in listed.split()}


# our field (or `document`) -> their folded word -> ours
_TABLES: dict[str, dict[str, str]] = {
    "enrollment_status": _table(_STATUS),
    "sex": _table(_SEX),
    "case_type": {folded(one): one for one in CASE_TYPES} | _table(_CASE_TYPES),
    "document": {folded(one): one for one in DOCUMENT_TYPES} | _table(_DOCUMENTS),
    "status": _table(_CASE_STATUS),
    "stage": _table(_STAGES),
}


def meaning(field: str, word: str) -> str | None:
    """Our word for theirs, if we know it: `A`, `A - Active` and `Active` are all `active`."""
    table = _TABLES[field]
    if ours := table.get(folded(word)):
        return ours
    parts = [part for part in re.split(r"\s+[-–]\s+|[()/:]", word) if part.strip()]
    meant = {table[key] for part in parts if (key := folded(part)) in table}
    if len(meant) == 1:
        return meant.pop()
    if field == "case_type":
        return _case_type(folded(word))
    return None


def _case_type(word: str) -> str | None:
    """`H-1B - Cap Subject 2026`, `H1B Extension (7th year)`: by how the folded word begins, the longest first."""
    found = _beginning(word)
    return _TABLES["case_type"][found] if found else None


def _beginning(word: str) -> str | None:
    beginnings = sorted((key for key in _TABLES["case_type"] if len(key) >= 3), key=len, reverse=True)  # noqa: PLR2004 - opt, eb2
    return next((key for key in beginnings if word.startswith(key) and not word[len(key) :][:1].isdigit()), None)


def candidates(field: str, word: str) -> list[str]:
    """What a word that does not say which of ours it is may mean, the one first that it is taken for."""
    if field != "case_type":
        return []
    bare = folded(word)
    return _VAGUE.get(bare if bare in _TABLES[field] else _beginning(bare) or bare, "").split()


def mapped(field: str, words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Which of the words we know, and those that we do not."""
    known = {word: ours for word in words if (ours := meaning(field, word))}
    return known, [word for word in words if word not in known]
