/* The panel of what is served asks for itself until the zone is live. Without JavaScript a link does. */
"use strict";

const OFTEN = 700;
const SELDOM = 5000;
const OFTEN_AT_FIRST = 30;

async function follow(panel, looks) {
  if (panel.dataset.state === "live") return;
  await new Promise((resolve) => { setTimeout(resolve, looks < OFTEN_AT_FIRST ? OFTEN : SELDOM); });
  let next = panel;
  try {
    const answer = await fetch(panel.dataset.fragment, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      const read = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("served");
      if (read) {
        if (!panel.contains(document.activeElement)) panel.replaceWith(read);
        next = panel.isConnected ? panel : read;
      }
    }
  } catch { /* the next look may fare better */ }
  follow(next, looks + 1);
}

document.addEventListener("DOMContentLoaded", () => {
  const panel = document.getElementById("served");
  if (panel) follow(panel, 0);
});
