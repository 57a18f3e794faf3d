"""Countries are found exactly or not at all."""

import csv
from pathlib import Path

import pytest

from gateway.values import countries
from gateway.values.base import BadValue
from gateway.values.countries import country, country_codes

PERM = Path(__file__).parents[3] / "../shared/data/perm_fy2016.csv"

# every distinct citizenship among the 32,794 labour certifications of fiscal year 2016
PERM_CITIZENSHIPS = """
AFGHANISTAN;ALBANIA;ALGERIA;ANTIGUA AND BARBUDA;ARGENTINA;ARMENIA;AUSTRALIA;AUSTRIA;AZERBAIJAN;BAHAMAS;BAHRAIN;BANGLADESH;
BARBADOS;BELARUS;BELGIUM;BELIZE;BENIN;BERMUDA;BHUTAN;BOLIVIA;BOSNIA AND HERZEGOVINA;BOTSWANA;BRAZIL;BULGARIA;BURKINA FASO;
BURMA (MYANMAR);CAMBODIA;CAMEROON;CANADA;CHILE;CHINA;COLOMBIA;COSTA RICA;COTE d'IVOIRE;CROATIA;CYPRUS;CZECH REPUBLIC;
DEMOCRATIC REPUBLIC OF CONGO;DENMARK;DOMINICA;DOMINICAN REPUBLIC;ECUADOR;EGYPT;EL SALVADOR;ERITREA;ESTONIA;ETHIOPIA;FIJI;
FINLAND;FRANCE;GAMBIA;GEORGIA;GERMANY;GHANA;GREECE;GRENADA;GUATEMALA;GUYANA;HAITI;HONDURAS;HONG KONG;HUNGARY;ICELAND;INDIA;
INDONESIA;IRAN;IRAQ;IRELAND;ISRAEL;ITALY;IVORY COAST;JAMAICA;JAPAN;JORDAN;KAZAKHSTAN;KENYA;KOSOVO;KUWAIT;KYRGYZSTAN;LAOS;
LATVIA;LEBANON;LIBYA;LITHUANIA;LUXEMBOURG;MACAU;MACEDONIA;MADAGASCAR;MALAYSIA;MALI;MAURITIUS;MEXICO;MOLDOVA;MONGOLIA;MOROCCO;
NAMIBIA;NEPAL;NETHERLANDS;NEW ZEALAND;NICARAGUA;NIGERIA;NORWAY;PAKISTAN;PALESTINE;PALESTINIAN TERRITORIES;PANAMA;PARAGUAY;
PERU;PHILIPPINES;POLAND;PORTUGAL;ROMANIA;RUSSIA;RWANDA;SAUDI ARABIA;SENEGAL;SERBIA;SINGAPORE;SLOVAKIA;SLOVENIA;SOUTH AFRICA;
SOUTH KOREA;SPAIN;SRI LANKA;ST KITTS AND NEVIS;ST LUCIA;SUDAN;SURINAME;SWAZILAND;SWEDEN;SWITZERLAND;SYRIA;TAIWAN;TAJIKISTAN;
TANZANIA;THAILAND;TRINIDAD AND TOBAGO;TUNISIA;TURKEY;TURKMENISTAN;TURKS AND CAICOS ISLANDS;UGANDA;UKRAINE;
UNITED ARAB EMIRATES;UNITED KINGDOM;UNITED STATES OF AMERICA;URUGUAY;UZBEKISTAN;VENEZUELA;VIETNAM;YEMEN;ZAMBIA;ZIMBABWE
""".replace("\n", "").split(";")  # fmt: skip

parse = country()


@pytest.mark.parametrize("name", PERM_CITIZENSHIPS)
def test_every_citizenship_of_the_labour_department_is_known(name):
    assert len(parse(name)) == 3


def test_the_list_of_citizenships_is_that_of_the_file():
    if not PERM.exists():
        pytest.skip("the labour department's file is not on this machine")
    with PERM.open(encoding="utf-8", newline="") as file:
        assert {row["applicant_citizenship"] for row in csv.DictReader(file)} - {""} == set(PERM_CITIZENSHIPS)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("IN", "IND"), ("ind", "IND"), ("India", "IND"), ("Indian", "IND"), ("Republic of India", "IND"),
        ("KOREA", "KOR"), ("SOUTH KOREA", "KOR"), ("Republic of Korea", "KOR"), ("Korea, South", "KOR"), ("South Korean", "KOR"),
        ("North Korea", "PRK"), ("Korea, Democratic People's Republic of", "PRK"), ("DPRK", "PRK"),
        ("HK", "HKG"), ("HONG KONG", "HKG"), ("Hong Kong SAR", "HKG"), ("TAIWAN", "TWN"), ("Taiwan, R.O.C.", "TWN"),
        ("Republic of China", "TWN"), ("People's Republic of China", "CHN"), ("MACAU", "MAC"), ("Macao", "MAC"),
        ("BURMA", "MMR"), ("Myanmar", "MMR"), ("IVORY COAST", "CIV"), ("Côte d’Ivoire", "CIV"), ("Cote dIvoire", "CIV"),
        ("SERBIA AND MONTENEGRO", "SCG"), ("Serbia", "SRB"), ("KOSOVO", "XKX"), ("XK", "XKX"),
        ("SOVIET UNION", "SUN"), ("U.S.S.R.", "SUN"), ("Yugoslavia", "YUG"), ("Czechoslovakia", "CSK"), ("Netherlands Antilles", "ANT"),
        ("East Germany", "DEU"), ("Zaire", "COD"), ("Swaziland", "SWZ"), ("Eswatini", "SWZ"), ("Upper Volta", "BFA"),
        ("Congo", "COG"), ("Congo (Kinshasa)", "COD"), ("D.R. Congo", "COD"),
        ("British", "GBR"), ("U.K.", "GBR"), ("England", "GBR"), ("U.S.A.", "USA"), ("United States", "USA"), ("American", "USA"),
        ("St. Kitts & Nevis", "KNA"), ("SAINT LUCIA", "LCA"), ("ST", "STP"), ("St. Vincent and the Grenadines", "VCT"),
        ("The Gambia", "GMB"), ("Gambia, The", "GMB"), ("Bahamas (the)", "BHS"), ("Türkiye", "TUR"), ("TURKEY", "TUR"),
        ("Curacao", "CUW"), ("Åland Islands", "ALA"), ("Viet Nam", "VNM"), ("Viet-Nam", "VNM"), ("Nigerien", "NER"), ("Nigerian", "NGA"),
        ("Guinea", "GIN"), ("Guinea-Bissau", "GNB"), ("Equatorial Guinea", "GNQ"), ("Dominica", "DMA"), ("Dominican Republic", "DOM"),
        ("U.S. Virgin Islands", "VIR"), ("British Virgin Islands", "VGB"), ("Sudan", "SDN"), ("South Sudan", "SSD"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_its_codes_names_and_adjective(name, code):
    assert parse(name) == code


@pytest.mark.parametrize(
    "name",
    [
        "Korean",
        "Congolese",
        "Dominican",
        "Virgin Islands",
        "Saint",
        "Saint Martin",
        "Indi",
        "Chinaa",
        "EU",
        "Stateless",
        "-",
        "India China",
    ],
)
def test_what_fits_two_countries_or_none_is_left_to_a_person(name):
    with pytest.raises(BadValue):
        parse(name)


def test_our_rows_neither_contradict_iso_nor_each_other():
    codes = country_codes()
    for table in (countries._NAMES, countries._ADJECTIVES):
        for code, words in table.items():
            assert {codes[countries._key(word)] for word in (code, *words.split(";"))} == {code}


def test_every_code_and_name_of_iso_means_its_own_country():
    import pycountry

    codes = country_codes()
    for entry in pycountry.countries:
        assert {codes[countries._key(word)] for word in (entry.alpha_2, entry.alpha_3, entry.name)} == {entry.alpha_3}
