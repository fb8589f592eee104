// Clicks in the transcript: a time plays the recording from there, a word at the end of a line asks for a dialog.
// The player is Streamlit's own; it is there once somebody asked for it, and then no click goes to the server.
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.closest(".st-key-transcript");
  if (!root) return;
  root.listening?.abort();
  const { signal } = (root.listening = new AbortController());

  const play = (at) => {
    const player = root.querySelector("audio");
    if (!player) return setTriggerValue("play", at);
    player.currentTime = at;
    player.play();
  };
  const mark = (at) => {
    const turns = [...root.querySelectorAll(".turn")].filter((turn) => turn.querySelector("[data-at]"));
    const begun = turns.filter((turn) => Number(turn.querySelector("[data-at]").dataset.at) <= at + 0.05);
    turns.forEach((turn) => turn.classList.toggle("playing", turn === begun.at(-1)));
  };
  root.addEventListener("click", (event) => {
    const { at, say, of } = event.target.closest("button[data-at], button[data-say]")?.dataset ?? {};
    if (at !== undefined) play(Number(at));
    if (say !== undefined) setTriggerValue("say", { what: say, of: Number(of) });
  }, { signal });
  // Media events do not bubble, but they can be caught on their way down.
  root.addEventListener("timeupdate", (event) => mark(event.target.currentTime), { signal, capture: true });
  document.addEventListener("play", (event) => {
    document.querySelectorAll("audio").forEach((other) => other !== event.target && other.pause());
  }, { signal, capture: true });

  if (data?.turn !== null && root.shown !== data?.turn) {
    root.shown = data.turn;
    setTimeout(() => {
      const turn = document.getElementById(`line-${data.turn}`);
      turn?.scrollIntoView({ block: "center" });
      turn?.classList.add("here");
    }, 400);
  }
  return () => root.listening.abort();
}
