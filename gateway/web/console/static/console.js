// What is pleasanter with a script. Every page works without; nothing here makes HTML: it sets text and moves the focus.

"use strict";

// What was done, or what is wrong, is where a person goes on from.
document.querySelector("#summary, #said")?.focus();

// A button presses once; going back to a page in the browser's cache, it can be pressed again.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    setTimeout(() => { button.disabled = true; });
    addEventListener("pageshow", () => { button.disabled = false; }, { once: true });
  });
}

// How far a file is; nobody listens in a tab that nobody sees, and at its end the page is loaded anew.
const followed = document.querySelector("[data-follow]");
if (followed) {
  let source = null;
  const follow = () => {
    source?.close();
    source = null;
    if (document.hidden) return;
    source = new EventSource(followed.dataset.follow);
    source.addEventListener("progress", (event) => {
      const { rows } = JSON.parse(event.data);
      if (rows) followed.querySelector("[data-rows]").textContent = `${rows.toLocaleString("en-US")} rows so far.`;
    });
    source.addEventListener("end", () => { source.close(); location.reload(); });
    source.addEventListener("closed", () => source.close());
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

// A page that only says "wait" looks again by itself, while somebody sees it.
if (document.querySelector("[data-again]")) setInterval(() => { if (!document.hidden) location.reload(); }, 3000);

// A cell is kept when it is left, and its row says at once how it stands. Enter goes to the next wrong cell below.
const WORDS = { open: ["busy", "to repair"], good: ["good", "right now"], wrong: ["warn", "still wrong"] };
for (const form of document.querySelectorAll("form[data-grid]")) {
  const fields = [...form.querySelectorAll('[name^="cell:"]')];
  const send = document.getElementById("send");
  const saves = form.querySelector("[data-saves]");
  const sent = new Map(fields.map((field) => [field, field.value]));

  const show = ({ place, state, left, cells }) => {
    const row = form.querySelector(`tr[data-place="${place}"]`);
    const mark = row.querySelector("[data-state] .state");
    [mark.className, mark.textContent] = [`state ${WORDS[state][0]}`, WORDS[state][1]];
    const told = new Map(cells.map((one) => [String(one.number), one.left[0]]));
    for (const field of row.querySelectorAll('[name^="cell:"]')) {
      const sentence = told.get(field.name.split(":")[2]);
      field.toggleAttribute("aria-invalid", false);
      if (sentence) field.setAttribute("aria-invalid", "true");
      document.getElementById(`${field.id}-told`).textContent = sentence ?? "";
      field.closest("td").classList.toggle("fine", state === "good");
    }
    if (left.length) saves.textContent = left[0];
  };

  let saving = Promise.resolve(); // one after the other: an earlier answer must not have the last word
  const keep = (field) => { saving = saving.then(() => save(field)); };
  const save = async (field) => {
    if (field.value === sent.get(field)) return;
    const body = new URLSearchParams({ [field.name]: field.value });
    for (const hidden of form.querySelectorAll('input[type="hidden"]')) body.append(hidden.name, hidden.value);
    saves.textContent = "Saving …";
    try {
      const answer = await fetch(form.dataset.grid, { method: "POST", body, redirect: "error", headers: { Accept: "application/json" } });
      if (answer.status === 410) { // nothing more can be saved here, and the answer says why
        saves.textContent = `Not saved. ${(await answer.json()).message}`;
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
      sent.set(field, field.value);
      saves.textContent = "Saved. Nothing is sent before you press Send.";
      const { rows, changed } = await answer.json();
      rows.forEach(show);
      [send.disabled, send.textContent] = [!changed, `Send ${changed.toLocaleString("en-US")} row${changed === 1 ? "" : "s"}`];
    } catch {
      saves.textContent = "Not saved: press “Save this page”, and see what it says.";
    }
  };

  const below = (field, step) => {
    const next = fields[fields.indexOf(field) + step];
    next?.focus();
    next?.select();
  };

  for (const field of fields) {
    field.addEventListener("change", () => keep(field));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") field.value = sent.get(field);
      if (event.key !== "Enter" || (field.tagName === "TEXTAREA" && !event.shiftKey)) return;
      event.preventDefault();
      keep(field);
      below(field, event.shiftKey ? -1 : 1);
    });
  }
}
