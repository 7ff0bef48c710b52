/* Optional behaviour: theme switch, copy buttons, confirmations. Every page works without JavaScript. */
"use strict";

const THEME = "theme";
const root = document.documentElement;

function storedTheme() {
  try { return localStorage.getItem(THEME); } catch { return null; }
}

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function updateLabel(toggle) {
  toggle.textContent = isDark() ? "Light" : "Dark";
  toggle.setAttribute("aria-label", `Switch to the ${isDark() ? "light" : "dark"} theme`);
}

function switchTheme(toggle) {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem(THEME, root.dataset.theme); } catch { /* the theme applies to this page only */ }
  updateLabel(toggle);
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

/* Prints a time as print_time_left of the console does. */
function timeLeft(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/* Counts down from the time that the server printed; the clock of the browser does not matter. */
function countDown(text) {
  const end = performance.now() + 1000 * Number(text.dataset.seconds);
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    text.textContent = timeLeft(left);
    if (left === 0) clearInterval(timer);
  }, 1000);
}

root.dataset.scripts = "";
if (["light", "dark"].includes(storedTheme())) root.dataset.theme = storedTheme();

document.addEventListener("DOMContentLoaded", () => {
  for (const toggle of document.querySelectorAll("[data-theme-toggle]")) {
    updateLabel(toggle);
    toggle.addEventListener("click", () => switchTheme(toggle));
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(button));
  }
  for (const one of document.querySelectorAll("[data-confirm]")) {
    const type = one.matches("form") ? "submit" : "click";
    one.addEventListener(type, (event) => { if (!confirm(one.dataset.confirm)) event.preventDefault(); });
  }
  document.querySelectorAll("[data-seconds]").forEach(countDown);
  document.querySelector("[data-focus]")?.focus();
});
