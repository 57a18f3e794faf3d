"""Countries as people write them, stored as ISO 3166-1 alpha-3; looked up exactly, never by nearest guess.

The names and codes of ISO 3166-1 come from pycountry. What ISO does not say stands in the tables below, row by
row: everyday and former names, and adjectives as citizenship columns hold them. A word that fits two countries
(`Korean`, `Congolese`, `Dominican`, `Virgin Islands`) stands in none, so a person is asked; `Korea` alone is the South,
as in the data of the Department of Labor. Case, accents and punctuation do not count.

A state that one other succeeded is that state (Burma, Swaziland, East Germany). A state that fell into several keeps
its withdrawn code of ISO 3166-3 (`SUN` Soviet Union, `YUG` Yugoslavia, `CSK` Czechoslovakia, `SCG` Serbia and
Montenegro, `ANT` Netherlands Antilles): which successor took a person in, the file does not say. Kosovo has `XKX`,
a code that ISO leaves to its users.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable

from gateway.values.base import BadValue


def country() -> Callable[[str], str]:
    """ISO 3166-1 alpha-3 for an alpha-2 or alpha-3 code, a name or an adjective; loads the tables of pycountry."""
    codes = country_codes()

    def parse(text: str) -> str:
        found = codes.get(_key(text))
        if found is None:
            raise BadValue("bad_country")
        return found

    return parse


@functools.cache
def country_codes() -> dict[str, str]:
    """Every accepted word in its compared form -> the stored code. Our rows go over those of ISO."""
    import pycountry  # noqa: PLC0415 - loads its tables on import, and many have no use for them

    codes: dict[str, str] = {}
    for entry in pycountry.countries:
        for attribute in ("alpha_2", "alpha_3", "name", "common_name", "official_name"):
            codes[_key(getattr(entry, attribute, entry.name))] = entry.alpha_3
    for table in (_NAMES, _ADJECTIVES):
        for alpha_3, words in table.items():
            codes |= {_key(word): alpha_3 for word in (alpha_3, *words.split(";"))}
    return codes


def _key(text: str) -> str:
    """`St. Kitts & Nevis` and `SAINT KITTS AND NEVIS` compare equal; so do `The Gambia` and `Gambia, The`."""
    folded = unicodedata.normalize("NFKD", text[:_LONGEST]).casefold().replace("&", " and ")
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark) and mark not in "'’`.")
    words = [word for word in re.findall(r"\w+", bare) if word != "the"]
    if words[:1] == ["st"] and len(words) > 1:
        words[0] = "saint"
    return " ".join(words)


_LONGEST = 200  # no name is longer

_NAMES = {
    "ANT": "Netherlands Antilles;Dutch Antilles",
    "ARE": "UAE;Emirates",
    "BES": "Caribbean Netherlands",
    "BFA": "Upper Volta",
    "BHS": "Bahamas Islands",
    "BIH": "Bosnia;Bosnia-Hercegovina",
    "BLR": "Byelorussia;Belorussia",
    "BRN": "Brunei",
    "CAF": "Central African Rep",
    "CCK": "Cocos Islands;Keeling Islands",
    "CHN": "Mainland China;PRC;P.R. China;PR of China;China, People's Republic of;China (PRC);China (mainland)",
    "CIV": "Ivory Coast;Cote dIvoire",
    "COD": "Democratic Republic of Congo;DR Congo;D.R. Congo;DRC;Congo-Kinshasa;Congo (Kinshasa);Zaire;"
    "Congo, Dem. Rep.;Congo, Democratic Republic of the;ZAR",
    "COG": "Congo-Brazzaville;Congo (Brazzaville);Congo, Republic of the;Congo, Rep.",
    "CPV": "Cape Verde",
    "CSK": "Czechoslovakia",
    "CZE": "Czech Rep",
    "DEU": "East Germany;West Germany;German Democratic Republic;Germany, Federal Republic of;DDR;GDR;FRG",
    "DOM": "Dominican Rep",
    "EGY": "Egypt, Arab Republic of",
    "FLK": "Falkland Islands;Falklands",
    "FSM": "Micronesia",
    "GBR": "UK;Great Britain;Britain;England;Scotland;Wales;Northern Ireland;United Kingdom (Great Britain)",
    "GNB": "Guinea Bissau",
    "HKG": "HK;Hong Kong SAR;Hongkong;Hong Kong, China;Hong Kong SAR China;Hong Kong S.A.R.",
    "IRL": "Republic of Ireland;Eire",
    "KGZ": "Kirghizia;Kirgizstan",
    "KHM": "Kampuchea",
    "KOR": "Korea;South Korea;Republic of Korea;Korea, South;Korea (South);Korea, Rep.;S. Korea;ROK",
    "LAO": "Laos PDR;Lao PDR",
    "LBY": "Libyan Arab Jamahiriya",
    "LKA": "Ceylon",
    "MAC": "Macau;Macau SAR;Macao SAR;Macao, China;Macau, China",
    "MDA": "Moldavia",
    "MKD": "Macedonia;FYROM;Macedonia, FYR;Former Yugoslav Republic of Macedonia;"
    "Macedonia, the former Yugoslav Republic of;Republic of Macedonia",
    "MMR": "Burma;Burma (Myanmar);Myanmar (Burma);BUR",
    "NLD": "Holland",
    "PRK": "North Korea;Korea, North;Korea (North);N. Korea;DPRK",
    "PSE": "Palestine;Palestinian Territories;Palestinian Territory;Palestinian Territory, Occupied;"
    "Occupied Palestinian Territory;West Bank;Gaza;Gaza Strip;West Bank and Gaza",
    "PYF": "Tahiti",
    "REU": "Reunion Island",
    "ROU": "Rumania;ROM",
    "RUS": "Russia",
    "SCG": "Serbia and Montenegro",
    "SHN": "Saint Helena",
    "STP": "Sao Tome",
    "SUN": "Soviet Union;USSR;Union of Soviet Socialist Republics",
    "SVK": "Slovak Rep",
    "SWZ": "Swaziland",
    "SXM": "Sint Maarten",
    "TLS": "East Timor;TMP",
    "TUR": "Turkey;Republic of Turkey",
    "TWN": "Taiwan, ROC;Taiwan (ROC);Taiwan, R.O.C.;Republic of China;Republic of China (Taiwan);Chinese Taipei;R.O.C.",
    "USA": "United States of America;U.S.;U.S.A.;US of A;America",
    "VAT": "Vatican;Vatican City;Holy See",
    "VCT": "St Vincent;Saint Vincent and Grenadines",
    "VGB": "British Virgin Islands;BVI;Virgin Islands (British)",
    "VIR": "US Virgin Islands;United States Virgin Islands;USVI;Virgin Islands (US)",
    "VNM": "Vietnam;Viet-Nam;South Vietnam;North Vietnam",
    "WSM": "Western Samoa",
    "XKX": "Kosovo;Republic of Kosovo;XK;RKS",
    "YEM": "North Yemen;South Yemen",
    "YUG": "Yugoslavia;Federal Republic of Yugoslavia;Former Yugoslavia",
    "ZWE": "Rhodesia;Southern Rhodesia",
}

# only words that name the citizens of one country
_ADJECTIVES = {
    "AFG": "Afghan;Afghani",
    "AGO": "Angolan",
    "ALB": "Albanian",
    "AND": "Andorran",
    "ARE": "Emirati;Emirian",
    "ARG": "Argentine;Argentinian;Argentinean",
    "ARM": "Armenian",
    "ATG": "Antiguan",
    "AUS": "Australian",
    "AUT": "Austrian",
    "AZE": "Azerbaijani",
    "BDI": "Burundian",
    "BEL": "Belgian",
    "BEN": "Beninese",
    "BFA": "Burkinabe",
    "BGD": "Bangladeshi",
    "BGR": "Bulgarian",
    "BHR": "Bahraini",
    "BHS": "Bahamian",
    "BIH": "Bosnian",
    "BLR": "Belarusian;Belarussian;Byelorussian",
    "BLZ": "Belizean",
    "BMU": "Bermudian",
    "BOL": "Bolivian",
    "BRA": "Brazilian",
    "BRB": "Barbadian",
    "BRN": "Bruneian",
    "BTN": "Bhutanese",
    "BWA": "Botswanan;Motswana",
    "CAN": "Canadian",
    "CHE": "Swiss",
    "CHL": "Chilean",
    "CHN": "Chinese",
    "CIV": "Ivorian",
    "CMR": "Cameroonian",
    "COL": "Colombian",
    "COM": "Comoran;Comorian",
    "CPV": "Cape Verdean",
    "CRI": "Costa Rican",
    "CUB": "Cuban",
    "CYP": "Cypriot",
    "CZE": "Czech",
    "DEU": "German",
    "DJI": "Djiboutian",
    "DNK": "Danish",
    "DZA": "Algerian",
    "ECU": "Ecuadorian;Ecuadorean",
    "EGY": "Egyptian",
    "ERI": "Eritrean",
    "ESP": "Spanish;Spaniard",
    "EST": "Estonian",
    "ETH": "Ethiopian",
    "FIN": "Finnish",
    "FJI": "Fijian",
    "FRA": "French",
    "FSM": "Micronesian",
    "GAB": "Gabonese",
    "GBR": "British;English;Scottish;Welsh;Northern Irish",
    "GEO": "Georgian",
    "GHA": "Ghanaian",
    "GIN": "Guinean",
    "GMB": "Gambian",
    "GNB": "Bissau-Guinean",
    "GNQ": "Equatorial Guinean;Equatoguinean",
    "GRC": "Greek",
    "GRD": "Grenadian",
    "GTM": "Guatemalan",
    "GUY": "Guyanese",
    "HKG": "Hong Konger;Hongkonger",
    "HND": "Honduran",
    "HRV": "Croatian",
    "HTI": "Haitian",
    "HUN": "Hungarian",
    "IDN": "Indonesian",
    "IND": "Indian",
    "IRL": "Irish",
    "IRN": "Iranian",
    "IRQ": "Iraqi",
    "ISL": "Icelandic;Icelander",
    "ISR": "Israeli",
    "ITA": "Italian",
    "JAM": "Jamaican",
    "JOR": "Jordanian",
    "JPN": "Japanese",
    "KAZ": "Kazakh;Kazakhstani",
    "KEN": "Kenyan",
    "KGZ": "Kyrgyz;Kyrgyzstani",
    "KHM": "Cambodian",
    "KIR": "I-Kiribati",
    "KNA": "Kittitian",
    "KOR": "South Korean",
    "KWT": "Kuwaiti",
    "LAO": "Lao;Laotian",
    "LBN": "Lebanese",
    "LBR": "Liberian",
    "LBY": "Libyan",
    "LCA": "Saint Lucian",
    "LIE": "Liechtensteiner",
    "LKA": "Sri Lankan",
    "LSO": "Basotho;Lesothan",
    "LTU": "Lithuanian",
    "LUX": "Luxembourger;Luxembourgish",
    "LVA": "Latvian",
    "MAC": "Macanese",
    "MAR": "Moroccan",
    "MCO": "Monegasque",
    "MDA": "Moldovan",
    "MDG": "Malagasy",
    "MDV": "Maldivian",
    "MEX": "Mexican",
    "MHL": "Marshallese",
    "MKD": "Macedonian;North Macedonian",
    "MLI": "Malian",
    "MLT": "Maltese",
    "MMR": "Burmese;Myanmarese",
    "MNE": "Montenegrin",
    "MNG": "Mongolian",
    "MOZ": "Mozambican",
    "MRT": "Mauritanian",
    "MUS": "Mauritian",
    "MWI": "Malawian",
    "MYS": "Malaysian",
    "NAM": "Namibian",
    "NER": "Nigerien",
    "NGA": "Nigerian",
    "NIC": "Nicaraguan",
    "NLD": "Dutch",
    "NOR": "Norwegian",
    "NPL": "Nepali;Nepalese",
    "NRU": "Nauruan",
    "NZL": "New Zealander",
    "OMN": "Omani",
    "PAK": "Pakistani",
    "PAN": "Panamanian",
    "PER": "Peruvian",
    "PHL": "Filipino;Filipina;Philippine",
    "PLW": "Palauan",
    "PNG": "Papua New Guinean",
    "POL": "Polish",
    "PRI": "Puerto Rican",
    "PRK": "North Korean",
    "PRT": "Portuguese",
    "PRY": "Paraguayan",
    "PSE": "Palestinian",
    "QAT": "Qatari",
    "ROU": "Romanian",
    "RUS": "Russian",
    "RWA": "Rwandan",
    "SAU": "Saudi;Saudi Arabian",
    "SDN": "Sudanese",
    "SEN": "Senegalese",
    "SGP": "Singaporean",
    "SLB": "Solomon Islander",
    "SLE": "Sierra Leonean",
    "SLV": "Salvadoran;Salvadorean;Salvadorian",
    "SMR": "Sammarinese",
    "SOM": "Somali;Somalian",
    "SRB": "Serbian",
    "SSD": "South Sudanese",
    "STP": "Sao Tomean",
    "SUN": "Soviet",
    "SUR": "Surinamese",
    "SVK": "Slovak;Slovakian",
    "SVN": "Slovene;Slovenian",
    "SWE": "Swedish",
    "SWZ": "Swazi",
    "SYC": "Seychellois",
    "SYR": "Syrian",
    "TCD": "Chadian",
    "TGO": "Togolese",
    "THA": "Thai",
    "TJK": "Tajik;Tajikistani",
    "TKM": "Turkmen",
    "TLS": "Timorese;East Timorese",
    "TON": "Tongan",
    "TTO": "Trinidadian;Tobagonian",
    "TUN": "Tunisian",
    "TUR": "Turkish",
    "TUV": "Tuvaluan",
    "TWN": "Taiwanese",
    "TZA": "Tanzanian",
    "UGA": "Ugandan",
    "UKR": "Ukrainian",
    "URY": "Uruguayan",
    "USA": "American;US citizen",
    "UZB": "Uzbek;Uzbekistani",
    "VCT": "Vincentian",
    "VEN": "Venezuelan",
    "VNM": "Vietnamese",
    "VUT": "Ni-Vanuatu",
    "XKX": "Kosovar;Kosovan",
    "YEM": "Yemeni;Yemenite",
    "YUG": "Yugoslav;Yugoslavian",
    "ZAF": "South African",
    "ZMB": "Zambian",
    "ZWE": "Zimbabwean",
}
