"""Personal numbers leave the words, the JSON and the clips of a call; all else stays."""

import io
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coach import audio
from coach.as_json import call_from_dict, call_to_dict
from coach.calls import Call, InputError, Speaker, Stretch, Turn, Word, located, swap
from coach.redact import redact
from coach.redact.found import PLACEHOLDERS
from coach.redact.numbers import is_card, luhn
from coach.tone.evidence import clauses
from coach.tone.reader import STAND_INS, legible

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import redaction

SPEAKERS: tuple[Speaker, Speaker] = ("rep", "customer")


def talk(*texts: str) -> Call:
    return Call("a", tuple(Turn(SPEAKERS[i % 2], text) for i, text in enumerate(texts)))


def texts(call: Call) -> list[str]:
    return [turn.text for turn in call.turns]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["Card number?", "It's 4386 2551 1848 7335, love."], "It's [card number], love."),
        (["Hi.", "Take 4386255118487335 please."], "Take [card number] please."),
        (["Go on.", "four one one one, double two, oh oh, triple five, seven, forty-one eleven."], "[card number]."),
        (["The card number?", "4,386, 2,551, 1,848, 7,335."], "[card number]."),
        (["The card number?", "Four one, sorry, four two one one, uh, 5555 5555 4444."], "[card number]."),
        (["And the expiry date?", "Oh five twenty-seven."], "[expiry date]."),
        (["The three digits on the back?", "Two oh seven."], "[security code]."),
        (["Best number?", "Oh seven seven double oh, nine hundred, four four six."], "[phone]."),
        (["Hm?", "Ring 740-555-0166, I'm in."], "Ring [phone], I'm in."),
        (["Your e-mail?", "It's j dot smith at gmail dot com."], "It's [e-mail]."),
        (["Hm?", "Write to anna.berg@mail.example please."], "Write to [e-mail] please."),
        (["Date of birth?", "The fourth of May nineteen eighty-four."], "The [date of birth]."),
        (["Sort code?", "Twenty, thirty-two, oh six."], "[account number]."),
        (["Your National Insurance number?", "Yes. Q Q one two three four five six C."], "Yes. [account number]."),
        (["IBAN?", "GB29 NWBK 6016 1331 9268 19, it says."], "[account number], it says."),
    ],
)
def test_personal_numbers_are_replaced_by_what_they_are(said, kept):
    assert texts(redact(talk(*said)))[1] == kept


@pytest.mark.parametrize(
    "said",
    [
        ["That comes to 86.40, for 12 months.", "Eighty-six forty? It said seventy-nine."],
        ["Your order number is 118-40-22917.", "Okay, 118-40-22917."],
        ["One second.", "I've been with you since 2011, no one told me."],
        ["The slots are the 11th and 12th of June.", "The twelfth, from eight to twelve."],
        ["It's model C D, four, four, zero.", "Four four zero."],
        ["Can I take a card?", "It was declined twice, for 640 euros."],
        ["You'll find it at harbour row dot com.", "I looked at the site."],
        ["When did you buy it?", "On the fourth of March 2024."],
    ],
)
def test_other_numbers_stay(said):
    assert texts(redact(talk(*said))) == said


def test_a_number_is_found_over_turns_and_what_the_other_says_stays():
    call = talk(
        "Number?", "Four one one one.", "Mm-hm.", "One one one one.", "Yes?", "One one one one, one one one one."
    )
    assert texts(redact(call))[1:] == ["[card number].", "Mm-hm.", "[card number].", "Yes?", "[card number]."]


def test_what_was_redacted_is_redacted_when_it_is_said_again():
    call = talk(
        "Card number?", "4386 2551 1848 7335.", "Fine, so that was a visa, and it ends with 1848 7335, does it?"
    )
    assert "7335" not in texts(redact(call))[2]


def test_redacting_twice_changes_nothing():
    once = redact(timed("My card number is 4386 2551 1848 7335 and I owe 45 pounds."))
    assert redact(once) == once


def timed(text: str, speaker: Speaker = "customer") -> Call:
    words = tuple(Word(w, 10 + i, 10.8 + i, 0.9 - i / 100) for i, w in enumerate(text.split()))
    return Call("a", (Turn(speaker, text, words[0].start, words[-1].end, words),))


def test_words_keep_their_places_and_times():
    turn = redact(timed("It's 4386 2551 1848 7335, right?")).turns[0]
    assert turn.words[1] == Word("[card number]", 11.0, 14.8, pytest.approx(0.86))
    assert [turn.text[a:b] for _, a, b in located(turn)] == ["It's", "[card number]", "right?"]


def test_words_that_are_not_in_the_text_as_they_are_do_not_leak():
    words = (Word("It's", 0, 1), Word("4386-2551", 1, 2), Word("1848", 2, 3), Word("7335", 3, 4), Word("right?", 4, 5))
    call = redact(Call("a", (Turn("customer", "It's 4386 2551 1848 7335, right?", 0, 5, words),)))
    assert [word.text for word in call.turns[0].words] == ["It's", "[card number]", "right?"]
    assert call.redacted == (Stretch("customer", 1, 4),)


def test_without_word_times_the_whole_turn_counts_as_redacted():
    call = redact(Call("a", (Turn("customer", "4386 2551 1848 7335, right?", 3.0, 9.0),)))
    assert call.redacted == (Stretch("customer", 3.0, 9.0),)


def test_what_was_redacted_is_kept_in_the_json_and_when_speakers_are_swapped():
    call = redact(timed("It's 4386 2551 1848 7335, right?"))
    assert call.redacted == (Stretch("customer", 11.0, 14.8),)
    assert call_from_dict(call_to_dict(call)) == call
    assert swap(call).redacted == (Stretch("rep", 11.0, 14.8),)


def test_clips_are_silent_where_words_were_redacted(tmp_path: Path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(16_000 * 6) / 10) * 9000).astype("<i2").tobytes())
    with wave.open(io.BytesIO(audio.clip(path, 1.0, 5.0, muted=[Stretch("rep", 2.0, 3.0)]))) as file:
        sound = np.frombuffer(file.readframes(-1), "<i2").reshape(-1, 800)
    silent = np.flatnonzero(~sound.any(axis=1)) * 0.05
    assert len(sound) == 80 and silent[0] <= 0.85 and silent[-1] >= 2.1 and len(silent) < 36


@pytest.mark.parametrize(("number", "right"), [("4386255118487335", True), ("4386255118487336", False)])
def test_check_digit(number, right):
    assert luhn(number) is right and is_card(number) is right


def test_only_american_express_has_fifteen_digits():
    assert is_card("372003171671237") and luhn("356938035643809") and not is_card("356938035643809")


@pytest.mark.parametrize(("kind", "least"), [("card", 0.98), ("phone", 0.95), ("account", 0.95), ("dob", 0.95)])
def test_hardly_any_number_of_the_written_talks_is_missed(kind, least):
    talks = [talk for path in sorted(redaction.TALKS.glob("*.txt")) for talk in redaction.talks(path)[::2]]
    missed = [redaction.missed(talk, redaction.find(talk.call)).get(kind) for talk in talks]
    judged = [rest for rest in missed if rest is not None]
    assert len(judged) >= 20 and judged.count("") >= least * len(judged)


def test_the_tone_model_reads_made_up_data_and_marks_the_words_that_are_kept():
    said = "So it's [card number], and [e-mail]. [phone]?"
    passage = legible(Turn("rep", said))
    assert " ".join(passage.spoken) == "So it's 4000 1234 5678 9010, and name@example.com. 0800 123 4567?"
    assert [said[slice(*passage.quote(i, i + 1))] for i in (2, 4, 5)] == ["[card number],", "[e-mail].", "[phone]?"]
    assert clauses(passage) == [(0, 5), (5, 6)]
    assert set(STAND_INS) == set(PLACEHOLDERS.values())


def test_a_number_of_which_the_transcriber_was_unsure_is_not_read():
    turn = redact(timed("It's 4386 2551 1848 7335, right?")).turns[0]
    before, number, after = turn.words
    unsure = replace(turn, words=(before, replace(number, probability=0.3), after))
    assert legible(turn).spoken == ["It's", "4000 1234 5678 9010,", "right?"]
    assert legible(unsure).spoken == ["It's", "right?"]


def test_names_without_presidio_say_what_to_install():
    from coach.redact.names import Names

    with pytest.raises(InputError, match="names: "):
        Names("no_such_model")


def test_names_with_presidio():
    pytest.importorskip("presidio_analyzer", reason="needs the extra `names`")
    from coach.redact.names import Names

    call = timed("My name is Walter Haines, card 4386 2551 1848 7335, and it's broken.")
    left = redact(call, Names())
    assert texts(left) == ["My name is [name], card [card number], and it's broken."]
    assert [word.text for word in left.turns[0].words][3] == "[name]" and len(left.redacted) == 2
    assert redact(call).turns[0].text.startswith("My name is Walter Haines")
