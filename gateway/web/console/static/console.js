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
