/* Line numbers beside the text of a zone file, and links from its errors to their lines. Both are optional. */
"use strict";

function number(area) {
  const gutter = document.createElement("div");
  gutter.className = "gutter mono";
  gutter.setAttribute("aria-hidden", "true");
  area.before(gutter);
  const invalid = new Set(area.dataset.invalid.split(" "));
  let count = 0;
  const update = () => {
    const lines = area.value.split("\n").length;
    if (lines !== count) {
      gutter.textContent = Array.from({ length: lines }, (_, at) => `${invalid.has(String(at + 1)) ? "! " : ""}${at + 1}`).join("\n");
      count = lines;
    }
    gutter.scrollTop = area.scrollTop;
  };
  area.addEventListener("input", update);
  area.addEventListener("scroll", update);
  update();
}

function showLine(area, line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  area.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(area).lineHeight));
}

for (const area of document.querySelectorAll("[data-numbered]")) {
  number(area);
  for (const link of document.querySelectorAll("[data-line]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); showLine(area, Number(link.dataset.line)); });
  }
}
