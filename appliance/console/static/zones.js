/* The panel of what is served asks for itself until the zone is live. Without JavaScript a link does. */
"use strict";

const OFTEN = 700;
const SELDOM = 5000;
const OFTEN_AT_FIRST = 30;

/* Only what differs is put in, so that nothing moves and what is told is read out once. */
function renew(panel, read) {
  for (const part of panel.querySelectorAll("[data-part]")) {
    const fresh = read.querySelector(`[data-part="${part.dataset.part}"]`);
    if (part.innerHTML !== fresh.innerHTML) part.replaceChildren(...fresh.childNodes);
  }
  panel.dataset.state = read.dataset.state;
}

async function follow(panel, looks) {
  if (panel.dataset.state === "live") return;
  await new Promise((resolve) => { setTimeout(resolve, looks < OFTEN_AT_FIRST ? OFTEN : SELDOM); });
  try {
    const answer = await fetch(panel.dataset.fragment, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      const read = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("served");
      if (read && !panel.contains(document.activeElement)) renew(panel, read);
    }
  } catch { /* the next look may fare better */ }
  follow(panel, looks + 1);
}

document.addEventListener("DOMContentLoaded", () => {
  const panel = document.getElementById("served");
  if (panel) follow(panel, 0);
});
