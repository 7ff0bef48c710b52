/* What is nicer with JavaScript: the theme that one chose, copying, asking back. Every page works without it. */
"use strict";

const THEME = "theme";
const root = document.documentElement;

function chosenTheme() {
  try { return localStorage.getItem(THEME); } catch { return null; }
}

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function label(toggle) {
  toggle.textContent = isDark() ? "Light" : "Dark";
  toggle.setAttribute("aria-label", `Show the ${isDark() ? "light" : "dark"} theme`);
}

function turn(toggle) {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem(THEME, root.dataset.theme); } catch { /* it lasts for this page */ }
  label(toggle);
}

async function copy(button) {
  const text = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
    button.textContent = "Selected";
  }
}

root.dataset.scripts = "";
if (["light", "dark"].includes(chosenTheme())) root.dataset.theme = chosenTheme();

document.addEventListener("DOMContentLoaded", () => {
  for (const toggle of document.querySelectorAll("[data-theme-toggle]")) {
    label(toggle);
    toggle.addEventListener("click", () => turn(toggle));
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(button));
  }
  for (const form of document.querySelectorAll("[data-confirm]")) {
    form.addEventListener("submit", (event) => { if (!confirm(form.dataset.confirm)) event.preventDefault(); });
  }
  document.querySelector("[data-focus]")?.focus();
});
