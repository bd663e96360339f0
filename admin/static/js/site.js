// The page works without this; with it, it refreshes what moves, asks before what matters, and
// shows times in the reader's zone.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    if (/^\d{4}-\d\d-\d\d /.test(time.textContent)) {
      const two = (n) => String(n).padStart(2, "0");
      time.textContent = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
    }
  }
}

// What is marked data-live="SECONDS" is fetched again from this page's own address and replaced;
// not while somebody is at work in it: a dialog is open, something is focused, typed or ticked.
const shown = new WeakMap();

function isInUse(element) {
  if (document.hidden || document.querySelector("dialog[open]")) return true;
  if (element.contains(document.activeElement)) return true;
  return [...element.querySelectorAll("input, textarea, select")].some((one) =>
    one.type === "checkbox" || one.type === "radio" ? one.checked !== one.defaultChecked
      : one instanceof HTMLSelectElement ? [...one.options].some((option) => option.selected !== option.defaultSelected && [...one.options].some((other) => other.defaultSelected))
        : one.value !== one.defaultValue);
}

async function refresh(element) {
  if (isInUse(element)) return;
  const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, redirect: "manual" });
  if (answer.type === "opaqueredirect") { location.reload(); return; }
  if (!answer.ok || isInUse(element)) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(element.id);
  if (!fresh) { location.reload(); return; }
  element.dataset.live = fresh.dataset.live || "";
  if (fresh.innerHTML === shown.get(element) || isInUse(element)) return;
  shown.set(element, fresh.innerHTML);
  const opened = [...element.querySelectorAll("details[id][open]")].map((one) => one.id);
  element.innerHTML = fresh.innerHTML;
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  localize(element);
  wire(element);
}

function keepLive(element) {
  const seconds = Number(element.dataset.live);
  if (!seconds) return;
  setTimeout(async () => {
    try { await refresh(element); } catch { /* the server is away: the next try tells */ }
    keepLive(element);
  }, seconds * 1000);
}

// Forms with data-confirm ask first, in words that count what is chosen.
function ask(sentence, act) {
  const dialog = document.getElementById("ask") || document.body.appendChild(Object.assign(document.createElement("dialog"), { id: "ask" }));
  dialog.setAttribute("aria-labelledby", "ask-text");
  dialog.innerHTML = '<form method="dialog"><p id="ask-text"></p><div class="actions"><button value="no" class="btn">Cancel</button> <button value="yes" class="btn btn-primary">Go on</button></div></form>';
  dialog.querySelector("p").textContent = sentence;
  dialog.onclose = () => { if (dialog.returnValue === "yes") act(); };
  dialog.returnValue = "no";
  dialog.showModal();
}

function count(form) {
  return form.querySelectorAll('input[name="id"]:checked').length;
}

function wire(root) {
  for (const all of root.querySelectorAll("input[data-all]")) {
    all.addEventListener("change", () => {
      for (const one of all.form.querySelectorAll('input[name="id"]')) one.checked = all.checked;
      tell(all.form);
    });
  }
  for (const one of root.querySelectorAll('input[name="id"]')) one.addEventListener("change", () => tell(one.form));
}

function tell(form) {
  if (!form) return;
  const chosen = count(form);
  for (const place of document.querySelectorAll("[data-chosen]")) place.textContent = chosen ? `${chosen} chosen` : "none chosen";
  for (const button of form.querySelectorAll("button[data-needs-rows]")) button.disabled = !chosen && !form.querySelector('input[name="every"]:checked');
}

document.addEventListener("change", (event) => {
  if (event.target.matches('input[name="every"]')) tell(event.target.form);
});

document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  const sentence = (button && button.dataset.confirm) || form.dataset.confirm;
  if (!sentence || form.dataset.asked) return;
  event.preventDefault();
  const every = form.querySelector('input[name="every"]:checked');
  const number = every ? every.dataset.count : String(count(form));
  ask(sentence.replace("{n}", number), () => {
    form.dataset.asked = "1";
    form.requestSubmit(button || undefined);
  });
});

document.addEventListener("DOMContentLoaded", () => {
  for (const element of document.querySelectorAll("[data-live]")) shown.set(element, element.innerHTML);
  localize(document);
  wire(document);
  for (const form of document.querySelectorAll("form")) if (form.querySelector("button[data-needs-rows]")) tell(form);
  for (const place of document.querySelectorAll("[data-zone]")) place.textContent = zone;
  for (const element of document.querySelectorAll("[data-live]")) keepLive(element);
});
