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

// What is marked data-live="SECONDS" is fetched again from this page's own address and replaced.
async function refresh(element) {
  if (document.hidden || element.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return;
  const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, redirect: "manual" });
  if (answer.type === "opaqueredirect") { location.reload(); return; }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(element.id);
  if (!fresh) { location.reload(); return; }
  const focused = document.activeElement && document.activeElement.id;
  if (fresh.innerHTML !== element.dataset.raw) {
    const opened = [...element.querySelectorAll("details[id][open]")].map((one) => one.id);
    element.innerHTML = fresh.innerHTML;
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    localize(element);
    wire(element);
  }
  element.dataset.raw = fresh.innerHTML;
  element.dataset.live = fresh.dataset.live || "";
  if (focused) document.getElementById(focused)?.focus();
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
  localize(document);
  wire(document);
  for (const form of document.querySelectorAll("form")) if (form.querySelector("button[data-needs-rows]")) tell(form);
  for (const place of document.querySelectorAll("[data-zone]")) place.textContent = zone;
  for (const element of document.querySelectorAll("[data-live]")) keepLive(element);
});
