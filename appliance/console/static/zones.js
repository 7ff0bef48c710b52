/* Polls the deployment panel until the zone is live. Without JavaScript, a link reloads the page. */
"use strict";

const FAST_INTERVAL = 700;
const SLOW_INTERVAL = 5000;
const FAST_POLLS = 30;

/* Replaces only the parts that differ, so that the layout is stable and screen readers announce a status once. */
function update(panel, fetched) {
  for (const part of panel.querySelectorAll("[data-part]")) {
    const replacement = fetched.querySelector(`[data-part="${part.dataset.part}"]`);
    if (part.innerHTML !== replacement.innerHTML) part.replaceChildren(...replacement.childNodes);
  }
  panel.dataset.state = fetched.dataset.state;
}

async function poll(panel, polls) {
  if (panel.dataset.state === "live") return;
  await new Promise((resolve) => { setTimeout(resolve, polls < FAST_POLLS ? FAST_INTERVAL : SLOW_INTERVAL); });
  try {
    const response = await fetch(panel.dataset.fragment, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fetched = page.getElementById("deployment");
      if (fetched && !panel.contains(document.activeElement)) update(panel, fetched);
    }
  } catch { /* the next poll may succeed */ }
  poll(panel, polls + 1);
}

document.addEventListener("DOMContentLoaded", () => {
  const panel = document.getElementById("deployment");
  if (panel) poll(panel, 0);
});
