// Small improvements to pages that work without them.
"use strict";

// The countdown of a cancellation window or an offer: the server's clock decides, this only shows.
for (const line of document.querySelectorAll(".countdown[data-until]")) {
  const until = Date.parse(line.dataset.until);
  const started = performance.now();
  const serverNow = Date.parse(document.documentElement.dataset.now || new Date().toISOString());
  const output = line.querySelector("output");
  const show = () => {
    const left = Math.max(0, Math.floor((until - serverNow - (performance.now() - started)) / 1000));
    const days = Math.floor(left / 86400), hours = Math.floor(left / 3600) % 24;
    const minutes = Math.floor(left / 60) % 60, seconds = left % 60;
    const two = (number) => String(number).padStart(2, "0");
    output.textContent = `${days ? days + " d " : ""}${two(hours)}:${two(minutes)}:${two(seconds)}`;
  };
  show();
  setInterval(show, 1000);
}

// After an attempt with errors the summary is read first.
document.getElementById("errors")?.focus();
