import re
from difflib import SequenceMatcher
from itertools import combinations

import pytest

from coach.calls import AXES
from coach.tips import TEXTS, Tips, quotable, shorten
from coach.tone.rubric import BEHAVIOURS

ALL = [
    (behaviour, kind, text) for behaviour, texts in TEXTS.items() for kind in ("why", "tips") for text in texts[kind]
]
QUOTES = [
    "You should have read the terms, it's all in there.",
    "so.",
    'It says "sold as seen", doesn\'t it?',
    "Okay... okay, {right}!",
    "Non-refundable means it can't be refunded or changed, it's both, the one word sort of covers the two, so.",
]
CLICHES = """in their shoes|active listening|smile|extra mile|above and beyond|customer is always right|valued customer
|end of the day|circle back|reach out|touch base|win-win|empower|rapport|delight|journey|outside the box|next level
|going forward|first and foremost|you should (?!have”)|you must|unprofessional|unacceptable|rude|in a timely manner"""


def fill(text: str, quote: str, asked: str = "And will they come back for it?") -> str:
    return text.format(quote=shorten(quote, 12), asked=shorten(asked, 12))


def test_every_behaviour_of_the_rubric_and_every_axis_has_texts():
    assert set(TEXTS) == set(BEHAVIOURS) | set(AXES)


@pytest.mark.parametrize("behaviour", TEXTS)
def test_tips_are_many_and_speak_of_what_was_said(behaviour):
    tips, why = TEXTS[behaviour]["tips"], TEXTS[behaviour]["why"]
    assert len(set(tips)) >= 6
    assert len(set(why)) >= 3
    assert all("{quote}" in text or "{asked}" in text for text in tips)
    assert sum("{asked}" not in text for text in tips) >= 4, "enough where the customer said nothing quotable"
    assert not any("{asked}" in text for text in why)


def test_no_two_texts_are_nearly_the_same():
    words = {text: set(text.split()) for _, _, text in ALL}
    for one, other in combinations([text for _, _, text in ALL], 2):
        if len(words[one] & words[other]) > 0.4 * len(words[one]):
            assert SequenceMatcher(None, one, other, autojunk=False).ratio() < 0.8, (one, other)


@pytest.mark.parametrize("quote", QUOTES)
def test_filled_texts_read_well(quote):
    for behaviour, kind, text in ALL:
        filled = fill(text, quote)
        assert re.search(r"[.?!]”?$", filled), filled
        assert not re.search(r"[.?!,]”[.?!]|[.?!,;]{2}|…[.?!]|  | [,.?!]|“ | ”|“”|\"", filled), filled
        assert not re.search(r"\{(quote|asked)\}", filled)
        assert filled.count("“") == filled.count("”"), filled
        assert len(filled) <= 360 and len(text) <= 250, (behaviour, kind, len(filled))
        assert len(re.findall(r"[.?!]”? (?=[A-Z“])", text)) <= 4, text


@pytest.mark.parametrize("text", [text for _, _, text in ALL])
def test_nothing_is_a_cliche_or_a_sermon(text):
    assert not re.search(CLICHES.replace("\n", ""), text, re.IGNORECASE)


@pytest.mark.parametrize("behaviour", TEXTS)
def test_no_tip_comes_twice_in_a_call_while_others_remain(behaviour):
    tips = Tips("a-001")
    count = len(TEXTS[behaviour]["tips"])
    told = [tips.tip(behaviour, "Like I said.", "Can you check it?", turn) for turn in range(2 * count)]
    assert len(set(told[:count])) == len(set(told[count:])) == count


def test_the_choice_is_the_same_every_time_and_differs_between_calls():
    def told(call_id: str) -> list[str]:
        tips = Tips(call_id)
        return [tips.tip("argues", "That's not what happened.", None, turn) for turn in (2, 6, 8)]

    assert told("a-001") == told("a-001")
    assert len({tuple(told(f"a-{n}")) for n in range(9)}) > 3


def test_a_tip_without_the_customers_words_does_not_mention_them():
    tips = Tips("a-001")
    assert not any("None" in tips.tip("hurries", "Just the number.", None, turn) for turn in range(20))


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("Okay.", None),
        ("It's 0 0 7, 1 1 4, 3 8 2.", None),
        ("W-O-J-C-I-E-C-H. Then an O, W, S, K, I.", None),
        ("Okay. Can you flip the two letters?", "Can you flip the two letters?"),
        ("Will it come or not? I took the day off.", "Will it come or not?"),
        ("I was home. I sat by the front window.", "I sat by the front window"),
        ('It says "BitLocker recovery". And it stays.', "And it stays"),
    ],
)
def test_the_customers_words_are_quoted_where_they_say_something(said, quoted):
    assert quotable(said) == quoted


@pytest.mark.parametrize(
    ("text", "words", "short"),
    [
        ('"Sold as seen", you signed it.', 12, "Sold as seen, you signed it"),
        ("Okay... so, -", 12, "Okay… so"),
        ("No bill, no balance, it is really quite simple", 6, "No bill, no balance…"),
        ("one two three four five six", 4, "one two three four…"),
        ("Are you sure?", 12, "Are you sure?"),
    ],
)
def test_quotes_are_trimmed_to_stand_between_quotation_marks(text, words, short):
    assert shorten(text, words) == short
