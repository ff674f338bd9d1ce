"use strict";

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// A session that ran out must not leave private text on an unattended screen.
async function leaveWhenExpired() {
  try {
    const answer = await fetch("/api/session-check", { cache: "no-store" });
    if (answer.ok && !(await answer.json()).authenticated) location.replace("/login");
  } catch {
    // The server is out of reach; the next round asks again.
  }
}

if (document.body.hasAttribute("data-authenticated")) setInterval(leaveWhenExpired, 30_000);
