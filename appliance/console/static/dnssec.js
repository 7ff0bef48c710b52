/* Loads the DNSSEC page again while a zone is being signed or unsigned, when it shows another state, unless something
   on the present one has the focus. Without JavaScript, a link reloads the page. */
"use strict";

const INTERVAL = 5000;

async function watch(state) {
  await new Promise((resolve) => { setTimeout(resolve, INTERVAL); });
  try {
    const response = await fetch(state.dataset.watch, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fetched = page.getElementById(state.id);
      const isUnused = document.activeElement === document.body;
      if (fetched && isUnused && fetched.dataset.state !== state.dataset.state) {
        location.replace(state.dataset.watch);
        return;
      }
    }
  } catch { /* the next poll may succeed */ }
  watch(state);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-watch]").forEach(watch);
});
