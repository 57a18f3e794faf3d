"""Which of our fields a column is by its name, in the dialects of HR systems."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from rapidfuzz import fuzz

from gateway.domain.people.fields import Kind
from ingest.infer.words import folded

Target = tuple[Kind, str]

LEAST = 0.8
_EXACT, _CONTAINED, _ALIKE = 1.0, 0.92, 0.9
_PATH = 0.04  # taken off where only the end of a path is known
_LONGEST = 100  # characters of a name
_SHORTEST_FUZZY = 7  # letters: shorter names are alike by chance
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-zäöüß]+|[A-Z]+|[0-9]+", re.UNICODE)

# name -> synonyms, the commonest first; Workday, ADP, SAP (English and German), BambooHR, UKG, case managers
_CLIENT = {
    "employee_id": "employee id;emp id;empid;employee number;employee no;emp no;emp nr;employee nr;worker id;"
    "associate id;file number;file #;file no;file nr;person number;personnel number;personnel no;pernr;personalnummer;"
    "pers nr;persnr;personal nr;personalnr;mitarbeiternummer;mitarbeiter nr;eib;eeid;ee id;ee number;staff id;staff no;"
    "staff number;position id;payroll number;matricule;numero de empleado;user id;badge number;employee code;"
    "workday id;wd employee id;id number employee;hris id;person id;employee;emplid;stammnummer",
    "family_name": "last name;lastname;surname;family name;legal last name;nachname;name last;lname;familienname;"
    "zuname;nachn;last;nom;apellido;primary last name",
    "given_name": "first name;firstname;given name;forename;legal first name;vorname;name first;fname;first;rufname;"
    "vorna;prenom;nombre;given names;primary first name",
    "middle_name": "middle name;middle initial;mi;legal middle name;zweiter vorname;middle names;mname;middle",
    "date_of_birth": "date of birth;dob;birth date;birthdate;birthday;geburtsdatum;geb datum;gebdat;gbdat;geboren am;"
    "geb dat;fecha de nacimiento;date de naissance",
    "sex": "sex;gender;geschlecht;gesch;legal sex;gesc;sexe",
    "email": "email;email address;work email;e mail;business email;email work;primary email;mail;e mail adresse;"
    "emailadresse;company email;corporate email;email primary work;work e mail",
    "phone": "phone;phone number;mobile;mobile phone;work phone;cell phone;telephone;telefon;telefonnummer;handy;"
    "phone work;home phone;cell;mobile number;contact number;primary phone;telefonnr;rufnummer",
    "citizenship": "citizenship;nationality;citizenship status;country of citizenship;citizenship country;"
    "primary nationality;staatsangehoerigkeit;staatsangehörigkeit;nationalitaet;natio;nation;"
    "citizenship status country;country of nationality;citizenships;primary citizenship;citizen of;staatsang",
    "country_of_birth": "country of birth;birth country;geburtsland;gblnd;place of birth country",
    "current_location": "current location;current country;country of residence",
    "job_title": "job title;title;position title;job profile;business title;position;stelle;stellenbezeichnung;"
    "job name;role;funktion;berufsbezeichnung;taetigkeit;tätigkeit;job;beruf",
    "employer_name": "employer name;employer;company name;legal entity;legal entity name;gesellschaft;company;"
    "legal employer;firma;arbeitgeber",
    "soc_code": "soc code;soc;soc occupation code;onet code;o net code;occupation code",
    "work_city": "work city;location city;work location city;city;worksite city;ort;arbeitsort;office city;"
    "work address city;address city;einsatzort;dienstort;arbeitsstaette",
    "work_state": "work state;state;location state;work location state;worksite state;work address state;"
    "state province;work state province;bundesland;address state;region",
    "annual_salary": "annual salary;salary;base salary;annual base salary;base pay;annual rate;annual pay;"
    "jahresgehalt;gehalt;jahresbrutto;jahresentgelt;annual compensation;total base pay;compensation;bruttojahresgehalt;"
    "total base pay amount;base pay amount;compensation amount;salary amount;pay amount;"
    "annual gross;grundgehalt;annual base pay;ansal;yearly salary;betrg",
    "salary_currency": "currency;salary currency;pay currency;waehrung;währung;currency code;waers",
    "manager_email": "manager email;supervisor email;email manager;manager work email;managers email",
    "hire_date": "hire date;date of hire;start date;original hire date;hired on;employment start date;eintrittsdatum;"
    "eintritt;date hired;latest hire date;most recent hire date;join date;joining date;einstellungsdatum;entry date;"
    "doj;begda;rehire date;hired;eintrittsdat",
    "termination_date": "termination date;term date;end date;date of termination;austrittsdatum;austritt;last day;"
    "separation date;leaving date;exit date;last day of work;employment end date;terminated on;austrittsdat",
    "enrollment_status": "employment status;status;employee status;worker status;emp status;beschaeftigungsstatus;"
    "mitarbeiterstatus;active status;active;is active;stat2;position status;hr status;"
    "enrollment status;worker active status",
    "program": "program;programme;immigration program",
    "eligibility_start_date": "eligibility start date;eligibility start;eligible from",
    "eligibility_end_date": "eligibility end date;eligibility end;eligible until",
    "highest_degree": "highest degree;degree;education level;highest education;education;abschluss;"
    "highest education level;applicant highest education",
    "field_of_study": "field of study;major;major study;course of study;studiengang;studienfach",
    "university": "university;school;institution;hochschule;college;universitaet",
    "graduation_year": "graduation year;year of graduation;grad year;abschlussjahr",
    "years_of_experience": "years of experience;years experience;experience years;berufsjahre;yoe",
    "languages": "languages;language skills;sprachen;sprachkenntnisse",
    "skills": "skills;skill set;kenntnisse",
    "awards": "awards;honours;honors;auszeichnungen",
    "publications_count": "publications count;number of publications;publications",
    "citations_count": "citations count;number of citations;citations",
    "patents_count": "patents count;number of patents;patents",
    "ssn": "ssn;social security number;social security no;social security;us ssn;ss number;tax id ssn",
    "a_number": "a number;alien number;alien registration number;alien no;a no;uscis number;uscis no;anumber;a #",
    "notes": "notes;comments;remarks;comment;bemerkung;bemerkungen;anmerkung;note;remark",
}
_CASE = {
    "case_number": "case number;case no;case id;case nr;matter number;matter id;case #;fallnummer;case reference;"
    "file reference;internal case number",
    "case_type": "visa type;case type;visa status;visa class;immigration status;visa classification;petition type;"
    "current visa type;class of admission;visa category;nonimmigrant status;work authorization type;visa;visumstyp;"
    "visumtyp;current immigration status;visaart;matter type;process type;visa classification type",
    "receipt_number": "receipt number;receipt no;uscis receipt number;uscis receipt;receipt;receipt #;"
    "receipt nr;i 797 receipt number",
    "lca_number": "lca number;lca case number;lca no;lca",
    "perm_number": "perm number;perm case number;eta case number;eta number",
    "stage": "stage;case stage;process stage;step",
    "status": "case status;petition status;matter status;decision;application status",
    "priority": "priority;case priority",
    "premium": "premium;premium processing;premium process",
    "opened_on": "opened on;case opened;open date;case open date;date opened;initiated on;initiation date",
    "filed_on": "filed on;filing date;date filed;filed date;petition filed;received date",
    "decided_on": "decided on;decision date;approval date;approved on;date decided;adjudicated on",
    "deadline_on": "deadline;deadline on;due date;case deadline;target filing date",
    "wage": "wage;wages;offered wage;wage offered;wage rate;wage rate of pay;wage rate of pay from;wage rate from;"
    "wage offer;wage offer from;wage offered from;wage from;pay rate from;rate of pay;rate of pay from;"
    "basic rate of pay;job opp wage from;prevailing wage",
    "worksite_city": "worksite city;job city;work site city;place of employment city",
    "worksite_state": "worksite state;job state;work site state;place of employment state",
}
PERSONAL: dict[Target, str] = {
    **{("client", name): words for name, words in _CLIENT.items()},
    **{("case", name): words for name, words in _CASE.items()},
}
FULL_NAME = (
    "name;full name;employee name;employee;worker;worker name;legal name;mitarbeiter;payroll name;associate name;"
    "name vorname;nachname vorname;beneficiary;beneficiary name;person;display name;last name first name"
).split(";")
WAGE_UNIT = (
    "wage unit;wage unit of pay;unit of pay;wage rate unit;wage offer unit of pay;wage offered unit of pay;pay unit;"
    "wage per;job opp wage per"
).split(";")
COMPANY_CODE = "co code;company code;buchungskreis;bukrs;mandant;co;paygroup;client number".split(";")
RECORD_TYPE = "rec type;record type;rectype;row type;satzart;line type;recordtype;art".split(";")
KEPT = (
    "manager;supervisor;cost center;cost centre;kostenstelle;department;dept;abteilung;division;business unit;location;"
    "site;team;office;manager name;vorgesetzter;job code;grade;org unit;organisationseinheit;supervisory organization;"
    "company code;co code;buchungskreis;home department"
).split(";")

# words that say no more than that the column is about the person
_EMPTY = frozenset(
    "worker employee associate ee emp legal primary current the of in personal person us uscis their her his basic"
    " info data details code value text desc description date iso field attribute wd hr s primaryname addr address"
    " on yyyymmdd mmddyyyy ddmmyyyy mm dd yyyy"
    " work business home sheet pay employment".split()
)
# words before the end of a path after which it speaks of somebody else
_FOREIGN = frozenset(
    "manager supervisor dependent dependant spouse child emergency contact beneficiary prior previous former preferred"
    " sponsor attorney lawyer parent father mother partner sibling reports hrbp recruiter next second secondary other"
    " dependents vorgesetzter notfall kind ehepartner expiry expiration expires changed modified updated poc agent"
    " preparer representative".split()
)
# words that make a name or an address one of the company, or of somebody who speaks for it
_COMPANYS = frozenset(
    "business trade dba company employer entity firm lawfirm contact poc agent attorney lawyer preparer representative"
    " sponsor manager supervisor emergency dependent dependents spouse recruiter hrbp vorgesetzter notfall".split()
)


class Likeness(NamedTuple):
    """How well a column's name fits one of our fields, and by which synonym."""

    score: float
    synonym: str


class _Synonym(NamedTuple):
    written: str
    bare: str
    words: frozenset[str]


def likeness(name: str, words: str | list[str]) -> Likeness:
    """How well a name fits the best of the synonyms; 0 where it speaks of something else."""
    if len(name) > _LONGEST:
        return Likeness(0, "")
    listed = _synonyms(words if isinstance(words, str) else ";".join(words))
    return max((_score(name, synonym) for synonym in listed), default=Likeness(0, ""))


@functools.lru_cache(maxsize=20_000)
def targets(name: str) -> list[tuple[Likeness, Target]]:
    """The fields that a column may be by its name, the likeliest first; of a path in JSON, by its end too."""
    found = [(_of_path(name, words), target) for target, words in PERSONAL.items()]
    return sorted(((one, target) for one, target in found if one.score >= LEAST), reverse=True)


@functools.lru_cache(maxsize=20_000)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name, however they are put together: `EMP_ID`, `workEmail`, `Visa ID-Nr.`, `name.first`."""
    return tuple(folded(word) for word in _WORD.findall(name))


def is_of_others(name: str) -> bool:
    """Whether a column of names or addresses is, by its name, about a company or somebody else than the person.

    An address that people have from their company is theirs.
    """
    is_own = likeness(name, PERSONAL["client", "email"]).score >= LEAST
    return not is_own and not _COMPANYS.isdisjoint(tokens(name))


def is_prevailing(name: str) -> bool:
    """Whether a wage is what is usual for a job, as authorities find it, and not what it pays."""
    return "prevailing" in tokens(name)


def is_named(name: str, words: list[str]) -> bool:
    """Whether a name is one of the words."""
    return likeness(name, words).score >= _CONTAINED


def _of_path(name: str, words: str) -> Likeness:
    whole = likeness(name, words)
    before, _, end = name.rpartition(".")
    if whole.score or not before or not end or set(tokens(before)) & _FOREIGN:
        return whole
    last = likeness(end, words)
    return Likeness(max(0, last.score - _PATH), last.synonym)


@functools.cache
def _synonyms(words: str) -> tuple[_Synonym, ...]:
    return tuple(_Synonym(one, folded(one), frozenset(tokens(one))) for one in words.split(";"))


def _score(name: str, synonym: _Synonym) -> Likeness:
    bare = _folded(name)
    if bare == synonym.bare and bare:
        return Likeness(_EXACT, synonym.written)
    has = frozenset(tokens(name))
    if has and synonym.words <= has and len(synonym.bare) > 2:  # noqa: PLR2004 - `mi`
        extra = has - synonym.words
        return Likeness(_CONTAINED - 0.01 * len(extra) if extra <= _EMPTY else 0, synonym.written)
    if min(len(bare), len(synonym.bare)) >= _SHORTEST_FUZZY and abs(len(bare) - len(synonym.bare)) <= 2:  # noqa: PLR2004
        alike = fuzz.ratio(bare, synonym.bare) / 100
        return Likeness(min(alike, _CONTAINED) - 0.05 if alike >= _ALIKE else 0, synonym.written)
    return Likeness(0, synonym.written)


_folded = functools.lru_cache(maxsize=20_000)(folded)
