"""Names of people in many scripts, and some that break careless code."""

from __future__ import annotations

from simulator.seed.dice import Dice, Weighted

NAMES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("Emma", "Liam", "Olivia", "Noah", "Ava", "James", "Zoë", "Seán", "Mary-Jane"),
        ("Smith", "Johnson", "O'Brien", "O'Neill", "D'Angelo", "Taylor-Jones", "Brown", "McDonald"),
    ),
    (
        ("José", "María", "François", "Chloé", "Jürgen", "Björn", "Łukasz", "Çağla", "Nguyễn"),
        ("García", "Müller", "Lefèvre", "Åkesson", "Żółkiewski", "Öztürk", "Núñez", "Văn Đức"),
    ),
    (
        ("伟", "芳", "秀英", "太郎", "花子", "さくら", "민준", "서연"),
        ("王", "李", "欧阳", "山田", "佐藤", "김", "박"),
    ),
    (("محمد", "فاطمة", "أحمد", "ليلى"), ("الحسن", "بن سعيد", "العلي")),
    (("דוד", "שרה", "יוסף"), ("כהן", "לוי", "בן־דוד")),
    (("Иван", "Ольга", "Дмитрий", "Наталья"), ("Иванов", "Смирнова", "Кузнецов", "Щербакова")),
    (("สมชาย", "สุดารัตน์", "อนันต์"), ("ใจดี", "ศรีสุข", "วงศ์สวัสดิ์")),
    (("Ελένη", "Γιώργος"), ("Παπαδόπουλος", "Νικολάου")),
    (("अमित", "प्रिया"), ("शर्मा", "गुप्ता")),
)
SCRIPTS = Weighted((40, 15, 12, 8, 5, 8, 5, 3, 4))
ODD: tuple[tuple[str | None, str], ...] = (
    ("Miles", "O'Brien"),
    (None, "Cher"),
    ("🎧 Rhea", "Star ⭐"),
    ("<script>alert(1)</script>", "<b>Tables</b>"),
    ("Robert'); DROP TABLE users;--", "Null"),
    (
        "Adolph Blaine Charles David Earl Freder",
        "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswess",
    ),
    ("Éloïse", '% _ \\ " & ; |'),
    ("=HYPERLINK(1)", "+Formula"),
)


def person(dice: Dice, number: int) -> tuple[str | None, str]:
    """First and last name. The odd ones come early, so that small orgs have them too."""
    if number < len(ODD):
        return ODD[number]
    firsts, lasts = NAMES[SCRIPTS.place(dice)]
    return dice.pick(firsts), dice.pick(lasts)
