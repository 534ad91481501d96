// Search as you type, and the keyboard. Without it every page works.
"use strict";

const form = document.querySelector("form[data-live]");
const input = (form || document).querySelector("input[type=search]");
const said = document.getElementById("said");
let waits = 0;
let asked = null;

async function look() {
  const query = input.value.trim();
  if (asked) asked.abort();
  asked = new AbortController();
  try {
    const answer = await fetch("/search?part=results&q=" + encodeURIComponent(query), { signal: asked.signal });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const results = page.getElementById("results");
    document.getElementById("results").replaceWith(results);
    said.textContent = results.dataset.said;
    history.replaceState(null, "", query ? "/search?q=" + encodeURIComponent(query) : location.pathname);
  } catch (problem) {
    if (problem.name !== "AbortError") said.textContent = "No answer now: press Search to see why.";
  }
}

if (form) {
  input.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(look, 120);
  });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k" && input) {
    event.preventDefault();
    input.focus();
    input.select();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...document.querySelectorAll("#results .hit h3 a")];
  const at = links.indexOf(document.activeElement);
  if (!form || !links.length || (at < 0 && document.activeElement !== input)) return;
  const next = event.key === "ArrowDown" ? links[Math.min(at + 1, links.length - 1)] : links[at - 1] || input;
  event.preventDefault();
  next.focus();
});
