"""When a rep speaks, how fast, and where speech meets or nobody speaks: a pure function of a Call.

Definitions are the field's. What hangs on tenths of a second is measured on `Call.speech`, never on a transcriber's
times of words, which are wrong by 0.1 to 0.2 s.
"""

import re
from collections.abc import Sequence

from coach.calls import Call, Delivery, Overlap, Speaker, Timing
from coach.delivery.silences import DEAD_AIR, silences
from coach.delivery.spurts import PAUSE, SAME_BREATH, Spans, Spurt, contributions, free, joined, of_turns, spurts
from coach.delivery.syllables import count

SHORTEST_FOR_RATE = 1.0  # seconds of speech: in less, a few hundredths at the edges are several per cent
OVERLAP = 0.4  # seconds: three quarters of those at ordinary changes of speaker are shorter (Levinson & Torreira 2015)
REACTION = 0.2  # seconds: nobody can answer sooner to hearing the other begin (Heldner & Edlund 2010)


_Both = tuple[float, float, Spurt, Spurt]  # from when to when both speak, and what they say


def timing(call: Call) -> Timing | None:
    """Talk share, longest monologue, questions, overlaps and silences of a call whose rep is known.

    None where no turn has times, or none is the rep's. From a transcript's times alone overlaps cannot be told from
    the transcriber's rough edges: there are none then; the rest stands, as rough as the times are.

    Notes
    -----
    Overlap
        Both speak for at least OVERLAP seconds, and neither's part is a back-channel (a word or two inside the other's
        speech). Who came in is who began while the other had been audible for REACTION seconds; "unknown" where both
        began at once, or one in the other's short pause. Who fell silent first gave way.
    Silence
        See `silences`.
    Monologue
        From the rep's first sound to the last, with pauses but no silence of DEAD_AIR, in which the customer says
        nothing but back-channels.
    Questions
        Sentences of the rep's that end with a question mark; none are found in a text without punctuation.
    """
    whole = spurts(call)
    rep = [spurt for spurt in whole if spurt.speaker == "rep"]
    if not rep:
        return None
    return Timing(
        talk_share=round(_length(rep) / _length(whole), 3),
        longest_monologue=round(_longest_monologue(contributions(whole)), 2),
        questions=sum(len(re.findall(r"\?+", turn.text)) for turn in call.turns if turn.speaker == "rep"),
        overlaps=overlaps(call, whole) if call.speech else (),
        silences=silences(call, whole),
    )


def deliveries(call: Call) -> tuple[Delivery | None, ...]:
    """The timing of each rep turn (None for other turns); no figures where the call has no `speech`.

    Notes
    -----
    Rate
        Syllables a second of speech, pauses left out: articulation rate (Goldman-Eisler 1968; de Jong & Wempe 2009).
        Stretches in which no word was made out are left out too. A transcriber drops most of "um" and "er", so that
        a hesitant turn reads somewhat slower than it is. Who speaks faster makes shorter silences, too, and some then
        fall below PAUSE: a tempo 1.4 times as fast reads about 1.33 times as fast. None below a second of speech.
    Pauses
        Silences of at least PAUSE seconds within the turn in which the other is silent, too.
    Gap
        The floor-transfer offset of Heldner & Edlund (2010): from the end of the customer's speech to the start of the
        rep's, negative where they overlap. None where the floor does not change: the rep had spoken last, or stopped
        before the customer did.
    """
    whole = spurts(call) if call.speech else []
    own = of_turns(call, "rep", whole)
    return tuple(
        _delivery(turn.text, own.get(i, []), whole) if turn.speaker == "rep" else None
        for i, turn in enumerate(call.turns)
    )


def _delivery(text: str, own: Sequence[Spurt], whole: Sequence[Spurt]) -> Delivery:
    if not own:
        return Delivery()
    lengths = [end - start for start, end in pauses(own, whole)]
    return Delivery(
        speaking=round(_length(own), 2),
        rate=_rate(text, own),
        pauses=len(lengths),
        longest_pause=round(max(lengths, default=0.0), 2),
        gap=_gap(own, whole),
    )


def _length(some: Sequence[Spurt]) -> float:
    return sum(spurt.end - spurt.start for spurt in some)


def _rate(text: str, own: Sequence[Spurt]) -> float | None:
    speech = _length([spurt for spurt in own if spurt.words] or own)
    return round(count(text) / speech, 2) if speech >= SHORTEST_FOR_RATE else None


def pauses(own: Sequence[Spurt], whole: Sequence[Spurt]) -> Spans:
    """Silences within a turn, whose spurts are `own`, from when to when; `deliveries` says what counts."""
    taken = [(spurt.start, spurt.end) for spurt in whole]
    silent = free(own[0].start, own[-1].end, taken)
    return [(start, end) for start, end in silent if end - start >= PAUSE]


def _gap(own: Sequence[Spurt], whole: Sequence[Spurt]) -> float | None:
    start, end = own[0].start, own[-1].end
    before = [spurt for spurt in contributions(whole) if spurt.start < start]
    customer = max((spurt.end for spurt in before if spurt.speaker == "customer"), default=None)
    rep = max((spurt.end for spurt in before if spurt.speaker == "rep"), default=0.0)
    if customer is None or customer >= end or rep >= customer:
        return None
    return round(start - customer, 2)


def _longest_monologue(said: Sequence[Spurt]) -> float:
    rep = [(spurt.start, spurt.end) for spurt in said if spurt.speaker == "rep"]
    taken = [(spurt.start, spurt.end) for spurt in said if spurt.speaker != "rep"]
    longest = 0.0
    for first, last in free(0.0, max((end for _, end in rep), default=0.0), taken):
        alone = [(max(start, first), min(end, last)) for start, end in rep if start < last and end > first]
        longest = max([longest, *(end - start for start, end in joined(alone, DEAD_AIR))])
    return longest


def overlaps(call: Call, whole: Sequence[Spurt]) -> tuple[Overlap, ...]:
    """Where both speak, in the order of time; `timing` says what counts."""
    said = contributions(whole)
    both = [
        (max(a.start, b.start), min(a.end, b.end), a, b)
        for a in said
        for b in said
        if (a.speaker, b.speaker) == ("rep", "customer") and min(a.end, b.end) > max(a.start, b.start)
    ]
    struggles: list[list[_Both]] = []
    for pair in sorted(both, key=lambda pair: pair[0]):
        if struggles and pair[0] - struggles[-1][-1][1] < SAME_BREATH:
            struggles[-1].append(pair)
        else:
            struggles.append([pair])
    long = [struggle for struggle in struggles if sum(end - start for start, end, *_ in struggle) >= OVERLAP]
    return tuple(_overlap(call, said, struggle) for struggle in long)


def _overlap(call: Call, said: Sequence[Spurt], struggle: Sequence[_Both]) -> Overlap:
    first, last = struggle[0], max(struggle, key=lambda both: both[1])
    earlier, later = sorted(first[2:], key=lambda spurt: spurt.start)
    goes_on = any(s.speaker == later.speaker and 0 <= later.start - s.end < SAME_BREATH for s in said)
    at_once = later.start - earlier.start < REACTION
    started: Speaker = "unknown" if goes_on or at_once else later.speaker
    yielded = min(last[2:], key=lambda spurt: spurt.end).speaker
    return Overlap(_turn(call, later), started, yielded, round(first[0], 2), round(last[1], 2))


def _turn(call: Call, spurt: Spurt) -> int:
    """The speaker's turn that lies nearest to where the spurt begins."""
    away = {
        i: max(turn.start - spurt.start, spurt.start - turn.end, 0.0)
        for i, turn in enumerate(call.turns)
        if turn.speaker == spurt.speaker and turn.start is not None and turn.end is not None
    }
    return min(away, key=away.__getitem__, default=0)
