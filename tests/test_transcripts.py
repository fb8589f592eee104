"""Ready transcripts: who said what, when, in each format."""

import json
from pathlib import Path
from typing import Any

import pytest

from coach.as_json import call_from_dict, call_to_dict
from coach.calls import Call, InputError, Turn
from coach.transcripts import SUFFIXES, language_of, read

ASKS = "Thank you for calling, how may I help you today?"
NEEDS = "Hi, I still don't have my refund and I've called twice."
FORMATS = {
    "call.json": json.dumps({"turns": [{"speaker": "rep", "text": ASKS}, {"speaker": "customer", "text": NEEDS}]}),
    "list.json": json.dumps([{"speaker": "Agent", "text": ASKS}, {"speaker": "Caller", "text": NEEDS}]),
    "calls.jsonl": json.dumps({"turns": [{"speaker": "rep", "text": ASKS}, {"speaker": "customer", "text": NEEDS}]}),
    "whisperx.json": json.dumps(
        {"segments": [{"speaker": "SPEAKER_01", "text": f" {ASKS}"}, {"speaker": "SPEAKER_00", "text": NEEDS}]}
    ),
    "voices.vtt": f"WEBVTT\n\n00:01.000 --> 00:03.000\n<v Dana>{ASKS}</v>\n\n00:03.500 --> 00:06.000\n<v Bob>{NEEDS}\n",
    "one_cue.vtt": f"WEBVTT\n\n00:01.000 --> 00:06.000\n<v Dana>{ASKS}</v>\n<v.loud Bob>{NEEDS}</v>\n",
    "prefixes.vtt": f"WEBVTT\n\n00:01.000 --> 00:03.000\nAgent: {ASKS}\n\n00:03.500 --> 00:06.000\nCustomer: {NEEDS}\n",
    "prefixes.srt": f"1\n0:0:1,0 --> 0:0:3,0\nDana: {ASKS}\n\n2\n0:00:03,500 --> 0:00:06,0\nBob: {NEEDS}\n",
    "brackets.srt": f"1\n00:00:01,000 --> 00:00:03,000\n[AGENT]: {ASKS}\n\n2\n0:00:03,500 --> 0:00:06,0\n[Bob] {NEEDS}",
    "plain.csv": f'Role,Utterance\nadvisor,"{ASKS}"\nclient,"{NEEDS}"\n',
    "times.csv": f'start_time;end_time;channel;text\n00:00:01.000;3;0;"{ASKS}"\n3,5;0:06;1;"{NEEDS}"\n',
}


def only(path: Path) -> Call:
    (call,) = read(path)
    assert isinstance(call, Call), call
    return call


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_who_said_what(tmp_path: Path, name: str) -> None:
    call = only(written(tmp_path, name, FORMATS[name]))
    assert [(turn.speaker, turn.text) for turn in call.turns] == [("rep", ASKS), ("customer", NEEDS)]
    assert (call.id, call.language) == (Path(name).stem, "en")


def test_every_suffix_is_tried() -> None:
    assert {Path(name).suffix for name in FORMATS} == set(SUFFIXES)


@pytest.mark.parametrize("name", ["voices.vtt", "prefixes.vtt", "prefixes.srt", "brackets.srt", "times.csv"])
def test_times(tmp_path: Path, name: str) -> None:
    call = only(written(tmp_path, name, FORMATS[name]))
    assert [(turn.start, turn.end) for turn in call.turns] == [(1.0, 3.0), (3.5, 6.0)]


def test_confidence_only_where_speakers_are_not_named(tmp_path: Path) -> None:
    named, unnamed = (only(written(tmp_path, name, FORMATS[name])) for name in ("plain.csv", "voices.vtt"))
    assert named.rep_confidence is None and named.rep is None
    assert unnamed.rep_confidence is not None and unnamed.rep_confidence > 0.8 and unnamed.rep == "Dana"


@pytest.mark.parametrize(
    ("speaker", "role"),
    [
        ("Agent 2", "rep"),
        ("Customer Service", "rep"),
        ("customer_1", "customer"),
        ("CALLER", "customer"),
        ("IVR", "unknown"),
    ],
)
def test_names_of_roles(tmp_path: Path, speaker: str, role: str) -> None:
    data = {"turns": [{"speaker": speaker, "text": ASKS}, {"speaker": "rep", "text": NEEDS}]}
    assert only(written(tmp_path, "a.json", data)).turns[0].speaker == role


def test_the_one_who_is_not_the_customer_is_the_rep(tmp_path: Path) -> None:
    data = {"turns": [{"speaker": "Priya Nair", "text": "Okay."}, {"speaker": "Customer", "text": NEEDS}]}
    call = only(written(tmp_path, "a.json", data))
    assert [turn.speaker for turn in call.turns] == ["rep", "customer"]
    assert (call.rep, call.rep_confidence) == ("Priya Nair", None)


def test_call_json_survives_reading_and_writing(tmp_path: Path) -> None:
    word = {"text": "Okay.", "start": 1.0, "end": 1.4, "probability": 0.62}
    data = {"id": "x-1", "rep": "Dana", "recording": "x.wav", "duration": 9.5, "language": "en", "channels": 2}
    data |= {"rep_channel": 1, "rep_confidence": 0.97}
    data |= {"turns": [{"speaker": "rep", "text": "Okay.", "start": 1.0, "end": 1.4, "words": [word]}]}
    data["turns"] += [{"speaker": "rep", "text": ASKS}, {"speaker": "customer", "text": ""}]
    call = only(written(tmp_path, "x.json", data))
    assert call == call_from_dict(data) and json.loads(json.dumps(call_to_dict(call))) == data


def test_labelled_calls_are_read_as_they_are(labelled: Path) -> None:
    path = labelled / "dev.jsonl"
    originals = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for call, original in zip(read(path), originals, strict=True):
        assert isinstance(call, Call) and call.id == original["id"] and call.language == "en"
        assert [(t.speaker, t.text) for t in call.turns] == [(t["speaker"], t["text"]) for t in original["turns"]]


def test_words_of_whisperx(tmp_path: Path) -> None:
    words = [
        {"word": "It's", "start": 1.0, "end": 1.2, "score": 0.9},
        {"word": "30"},
        {"word": "dollars.", "start": 1.8, "end": 2.2, "score": 0.4},
    ]
    segment = {"speaker": "agent", "text": " It's 30 dollars.", "start": 1.0, "end": 2.2, "words": words}
    (turn,) = only(written(tmp_path, "x.json", {"segments": [segment]})).turns
    assert [(w.text, w.start, w.end) for w in turn.words] == [
        ("It's", 1.0, 1.2),
        ("30", 1.2, 1.8),
        ("dollars.", 1.8, 2.2),
    ]
    assert [w.probability for w in turn.words] == [0.9, 1.0, 0.4]


def test_whisper_knows_no_speakers(tmp_path: Path) -> None:
    word = {"word": " Hello", "start": 0.1, "end": 0.4, "probability": 0.7}
    segments = [{"text": " Hello", "start": 0, "end": 1, "words": [word]}, {"text": " Hi.", "start": 1, "end": 2}]
    call = only(written(tmp_path, "x.json", {"text": "Hello Hi.", "language": "en", "segments": segments}))
    assert {turn.speaker for turn in call.turns} == {"unknown"} and len(call.turns) == 2
    assert call.turns[0].words[0].probability == 0.7


def test_neighbouring_segments_become_one_turn(tmp_path: Path) -> None:
    rows = "speaker,text,start,end\nagent,One.,0,1\nagent,Two.,1,2\ncustomer,Three.,2,3\nagent,Four.,3,4\n"
    turns = only(written(tmp_path, "x.csv", rows)).turns
    assert turns[0] == Turn("rep", "One. Two.", 0.0, 2.0)
    assert [turn.text for turn in turns] == ["One. Two.", "Three.", "Four."]


def test_channels_one_after_the_other_are_put_in_order(tmp_path: Path) -> None:
    rows = "channel,text,start,end\nagent,Hello.,0,1\nagent,Sure.,4,5\ncaller,Hi.,1,2\n"
    assert [turn.text for turn in only(written(tmp_path, "x.csv", rows)).turns] == ["Hello.", "Hi.", "Sure."]


def test_captions_without_a_name_go_on_with_the_speaker(tmp_path: Path) -> None:
    cues = ["Agent: Let me look.", "Now: it says no.", "[Music] Hm.", "Customer: Really &amp; truly?"]
    text = "WEBVTT\n\n" + "\n\n".join(f"00:0{i}.000 --> 00:0{i + 1}.000\n{cue}" for i, cue in enumerate(cues, 1))
    turns = only(written(tmp_path, "x.vtt", text.replace("Now:", "now and again:"))).turns
    assert [t.text for t in turns] == ["Let me look. now and again: it says no. [Music] Hm.", "Really & truly?"]


def test_several_calls_in_one_csv(tmp_path: Path) -> None:
    rows = "call_id,speaker,text,start,end\na,agent,Hello.,0,1\nb,agent,Hi.,never,1\nc,agent,Bye.,0,1\n"
    first, second, third = read(written(tmp_path, "x.csv", rows))
    assert isinstance(first, Call) and isinstance(third, Call) and (first.id, third.id) == ("a", "c")
    assert isinstance(second, InputError) and "row 3: start" in str(second)


def test_a_bad_line_does_not_stop_the_others(tmp_path: Path) -> None:
    good = json.dumps({"turns": [{"speaker": "rep", "text": "Caf\u2028é"}]}, ensure_ascii=False)
    first, bad, last = read(written(tmp_path, "x.jsonl", f"{good}\n\n{{oops\n{good}\n"))
    assert isinstance(first, Call) and isinstance(last, Call) and (first.id, last.id) == ("x", "x-2")
    assert isinstance(bad, InputError) and "x.jsonl, line 3: unreadable JSON" in str(bad)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    content = "speaker,text\nagent,Renée\u2019s café\n".encode(encoding)
    assert only(written(tmp_path, "x.csv", content)).turns[0].text == "Renée\u2019s café"


@pytest.mark.parametrize("times", [{"start": -1, "end": 2}, {"start": 3, "end": 2}, {"start": float("nan"), "end": 1}])
def test_impossible_times_are_left_out(tmp_path: Path, times: dict[str, float]) -> None:
    data = {"turns": [{"speaker": "rep", "text": ASKS} | times]}
    assert only(written(tmp_path, "x.json", data)).turns == (Turn("rep", ASKS),)


TURN = {"speaker": "rep", "text": "Hi."}
JUNK = [
    ("a.json", b"", "empty"),
    ("a.json", "  \n", "empty"),
    ("a.json", b"\x80\x81\xfe\x00", "UTF-8"),
    ("a.json", "{", "unreadable JSON"),
    ("a.json", "[" * 100_000, "unreadable JSON"),
    ("a.json", "9" * 5_000, "unreadable JSON"),
    ("a.json", "null", "no turns"),
    ("a.json", "[]", "at least one"),
    ("a.json", [1, None], "turn 0"),
    ("a.json", {"turns": []}, "at least one"),
    ("a.json", {"turns": {}}, "must be a list"),
    ("a.json", {"turns": ["Hi."]}, "turn 0: must be an object"),
    ("a.json", {"turns": [TURN, {"text": "Hi."}]}, "turn 1: speaker must be text, but is missing"),
    ("a.json", {"turns": [{"speaker": None, "text": "Hi."}]}, "speaker must be text, not None"),
    ("a.json", {"turns": [{"speaker": "rep", "text": 5}]}, "text must be text, not 5"),
    ("a.json", {"turns": [TURN | {"start": "soon", "end": 2}]}, "start must be a number, not 'soon'"),
    ("a.json", {"turns": [TURN | {"words": "Hi."}]}, "words must be a list"),
    ("a.json", {"turns": [TURN | {"words": ["Hi."]}]}, "word 0: must be an object"),
    ("a.json", {"turns": [TURN | {"words": [{"text": "Hi.", "probability": []}]}]}, "probability must be a number"),
    ("a.json", {"turns": [TURN], "id": {}}, "id must be text"),
    ("a.json", {"turns": [TURN], "duration": "long"}, "duration must be a number"),
    ("a.json", {"turns": [{"speaker": "rep", "text": " "}]}, "nothing is said"),
    ("a.json", {"segments": [{"start": 0}]}, "text must be text, but is missing"),
    ("a.vtt", "Hello there.", "not a readable .vtt"),
    ("a.vtt", "WEBVTT\n", "nothing is said"),
    ("a.vtt", b"\xff\xff\xff", "UTF-8"),
    ("a.srt", "Hello there.", "not a readable .srt"),
    ("a.srt", "1\n99:99 --> x\nHi.\n", "nothing is said"),
    ("a.csv", "speaker,text\n", "no rows"),
    ("a.csv", "who,what\na,b\n", "column called text"),
    ("a.csv", "text,start,end\nHi.,soon,2\n", "row 2: start must be seconds"),
    ("a.csv", "text\n" + "x" * 200_000, "not a readable CSV"),
    ("a.docx", "Hi.", "not a transcript"),
]


@pytest.mark.parametrize(("name", "content", "reason"), JUNK)
def test_junk_is_one_clear_line(tmp_path: Path, name: str, content: Any, reason: str) -> None:
    (error,) = read(written(tmp_path, name, content))
    assert isinstance(error, InputError)
    assert reason in str(error) and str(tmp_path / name) in str(error) and "\n" not in str(error)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    missing, folder = next(read(tmp_path / "no.json")), tmp_path / "folder.csv"
    folder.mkdir()
    assert isinstance(missing, InputError) and "there is no such file" in str(missing)
    assert isinstance(next(read(folder)), InputError)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Kindly do the needful sir, I am having one doubt only, the 2,500 rupees was deducted na.", "en"),
        ("Hola, buenas tardes, quería saber por qué me han cobrado dos veces la factura de este mes.", "es"),
        ("Bonjour, j'ai un problème avec ma facture et personne ne répond.", "fr"),
        ("Guten Tag, Sie sprechen mit Frau Klein, was kann ich für Sie tun?", "de"),
        ("Goedemiddag, u spreekt met Anna, waarmee kan ik u helpen?", "nl"),
        ("Priya Venkataraman Krishnamurthy, Aleksandr Wojciechowski, Bangalore, 4421.", None),
        ("Mm-hmm. Okay.", None),
    ],
)
def test_language(text: str, language: str | None) -> None:
    assert language_of(Call("x", (Turn("rep", text),))) == language
