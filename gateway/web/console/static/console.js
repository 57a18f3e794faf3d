// What is pleasanter with a script. Every page works without; nothing here makes HTML: it sets text and moves the focus.

"use strict";

// What proves that a request comes from a page of ours, in the session of now: somebody may have signed in again since.
const asScript = () => ({ Accept: "application/json", "X-CSRF-Token": document.cookie.match(/gateway_csrf=([^;]*)/)?.[1] ?? "" });

// What was done, or what is wrong, is where a person goes on from; unless the address leads to the next field.
const told = document.querySelector("#summary, #said");
const onwards = told?.id === "said" && document.getElementById(location.hash.slice(1))?.closest(".groups input");
if (onwards) onwards.setAttribute("aria-describedby", "said"); // read out with the field, for the focus passes it by
(onwards || told)?.focus();

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
    source.addEventListener("closed", () => { source.close(); later(); });
    source.addEventListener("error", ({ target }) => { if (target.readyState === EventSource.CLOSED) later(); }); // else it tries again itself
  };
  const later = () => setTimeout(() => { if (!document.hidden) location.reload(); }, 5000); // as without a script
  document.addEventListener("visibilitychange", follow);
  follow();
}

// A page that only says "wait" looks again by itself, while somebody sees it.
if (document.querySelector("[data-again]")) setInterval(() => { if (!document.hidden) location.reload(); }, 3000);

// A file says how much of it is sent, and can be called back meanwhile; what came of it is told here, or on its page.
const upload = document.querySelector("form[data-upload]");
upload?.addEventListener("submit", (event) => {
  event.preventDefault();
  const [sending, amount, told, cancel] = ["sending", "amount", "told", "cancel"].map((one) => upload.querySelector(`[data-${one}]`));
  const request = new XMLHttpRequest();
  const end = (sentence) => {
    [sending.hidden, cancel.onclick, told.textContent] = [true, null, sentence];
    upload.querySelector("button").disabled = false;
  };
  request.open("POST", upload.action);
  request.responseType = "json";
  for (const [name, value] of Object.entries(asScript())) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    sending.querySelector("progress").value = loaded / total;
    amount.textContent = `${(loaded / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB are sent.`;
  });
  request.upload.addEventListener("load", () => { [cancel.hidden, told.textContent] = [true, "All of it is sent; it is being stored."]; });
  request.addEventListener("load", () => {
    const { page, message = request.statusText, details = [] } = request.response ?? {};
    const why = request.status === 401 ? ["You are signed out: sign in again in another tab, then send it."] : [message, ...details.map((one) => one.message)];
    end(page ? "" : ["Nothing was stored.", ...why].join(" "));
    if (page) location.assign(page);
  });
  request.addEventListener("error", () => end("The connection broke. Send it again: had it arrived, it is not taken twice."));
  request.addEventListener("abort", () => end("Cancelled: nothing was stored."));
  cancel.onclick = () => request.abort();
  [sending.hidden, cancel.hidden, amount.textContent, told.textContent] = [false, false, "", ""];
  request.send(new FormData(upload));
});

// A cell is kept when it is left, and its row says at once how it stands. Enter goes to the next wrong cell below.
const WORDS = { open: ["busy", "to repair"], good: ["good", "correct"], wrong: ["warn", "still wrong"] };
for (const form of document.querySelectorAll("form[data-grid]")) {
  const fields = [...form.querySelectorAll('[name^="cell:"]')];
  const saves = form.querySelector("[data-saves]");
  const signIn = form.querySelector("[data-sign-in]");
  const sent = new Map(fields.map((field) => [field, field.value]));
  const unsaved = new Set(); // what could not be kept is tried again once something could, or somebody comes back

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

  const count = (changed) => { // at the head of the page and at its foot
    for (const send of document.querySelectorAll("[data-send]")) {
      [send.disabled, send.textContent] = [!changed, `Send ${changed.toLocaleString("en-US")} row${changed === 1 ? "" : "s"}`];
    }
    const wrong = document.querySelectorAll("[data-state] .warn").length;
    for (const one of document.querySelectorAll("[data-wrong]")) {
      [one.hidden, one.querySelector("b").textContent] = [!wrong, wrong.toLocaleString("en-US")];
    }
  };

  const refuse = (field, sentence) => { // at the row, which is what somebody looks at
    const mark = field.closest("tr").querySelector("[data-state] .state");
    [mark.className, mark.textContent] = ["state bad", "not saved"];
    field.setAttribute("aria-invalid", "true");
    document.getElementById(`${field.id}-told`).textContent = saves.textContent = sentence;
  };

  let saving = Promise.resolve(); // one after the other: an earlier answer must not have the last word
  let waiting = 0;
  const keep = (field) => { waiting += 1; saving = saving.then(() => save(field)).finally(() => { waiting -= 1; }); };
  const save = async (field) => {
    if (field.value === sent.get(field)) { unsaved.delete(field); return; }
    const body = new URLSearchParams({ [field.name]: field.value });
    for (const hidden of form.querySelectorAll('input[type="hidden"]')) body.append(hidden.name, hidden.value);
    saves.textContent = "Saving …";
    unsaved.add(field);
    try {
      const answer = await fetch(form.dataset.grid, { method: "POST", body, redirect: "error", headers: asScript() });
      if (answer.status === 401 && signIn) {
        refuse(field, "Not saved: you are signed out. What you typed stays here, and is saved when you come back.");
        signIn.hidden = false;
        return;
      }
      if (answer.status === 410) { // nothing more can be saved here, and the answer says why
        refuse(field, `Not saved. ${(await answer.json()).message}`);
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
      sent.set(field, body.get(field.name));
      unsaved.delete(field);
      if (signIn) signIn.hidden = true;
      saves.textContent = "Saved. Nothing is sent before you press Send.";
      const { rows, changed } = await answer.json();
      rows.forEach(show);
      count(changed);
      unsaved.forEach(keep);
    } catch {
      refuse(field, "Not saved: press “Save this page”, and see what it says.");
    }
  };

  addEventListener("focus", () => unsaved.forEach(keep));

  // Pressing a button leaves a cell as well: it goes along, or nothing goes.
  for (const act of document.querySelectorAll(".bar-of-acts form")) {
    act.addEventListener("submit", (event) => {
      if (!waiting) return;
      event.preventDefault();
      saving.then(() => {
        act.querySelector("button").disabled = false;
        if (unsaved.size) saves.focus(); else act.requestSubmit();
      });
    });
  }

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
