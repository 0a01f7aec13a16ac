// Small improvements to pages that work without them.
"use strict";

// The countdown of a cancellation window or an offer: the server's clock decides, this only shows.
const serverNow = Date.parse(document.documentElement.dataset.now);
for (const line of document.querySelectorAll(".countdown[data-until]")) {
  const until = Date.parse(line.dataset.until);
  const output = line.querySelector("output");
  const show = () => {
    const left = Math.max(0, Math.floor((until - serverNow - performance.now()) / 1000));
    const days = Math.floor(left / 86400), hours = Math.floor(left / 3600) % 24;
    const minutes = Math.floor(left / 60) % 60, seconds = left % 60;
    const two = (number) => String(number).padStart(2, "0");
    output.textContent = `${days ? days + " d " : ""}${two(hours)}:${two(minutes)}:${two(seconds)}`;
    line.classList.toggle("over", left < 600);
  };
  show();
  setInterval(show, 1000);
}

// A page that waits for something looks again by itself: what is live is replaced, and news of weight load the page anew.
const waiting = document.querySelector("main[data-refresh]");
if (waiting) {
  const parts = waiting.dataset.live; // where what changes is told without the page around it
  const pause = Number(waiting.dataset.refresh) * (parts ? 1000 : 500); // a page twice as often: nothing flickers here
  let leaving = false; // whoever has followed a link is not called back; one that opens an app leaves the page here
  addEventListener("beforeunload", () => { leaving = true; setTimeout(() => { leaving = false; }, 10000); });
  const look = async () => {
    try {
      const response = await fetch(parts || location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (response.status >= 500) throw new Error("not now");
      if (response.redirected) return leaving || location.replace(response.url);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (leaving) return;
      if (page.querySelector("main")?.dataset.version !== waiting.dataset.version) return location.reload();
      for (const part of waiting.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(part.id);
        if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
      }
    } catch {
      // The next look may find the service again.
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}

// Keys of a long list, beside Tab: j and k walk along its links, n goes to the next case, / to the search. Who uses
// speech or presses keys by accident turns them off, and the browser remembers it.
const keysSwitch = document.getElementById("keys-switch");
if (keysSwitch) {
  const remembered = () => { try { return localStorage.getItem("keys"); } catch { return null; } };
  const remember = (value) => { try { localStorage.setItem("keys", value); } catch { /* until the page is left */ } };
  const links = [...document.querySelectorAll("[data-walk] tbody a")];
  let on = remembered() !== "off";
  const show = () => keysSwitch.setAttribute("aria-pressed", String(on));
  keysSwitch.addEventListener("click", () => { on = !on; remember(on ? "on" : "off"); show(); });
  document.getElementById("keys").hidden = false;
  show();
  const walk = (step) => {
    const at = links.indexOf(document.activeElement);
    links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  };
  const acts = {
    j: () => walk(1), k: () => walk(-1),
    n: () => document.getElementById("take-next")?.focus(), "/": () => document.getElementById("q").focus(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (!on || typing || event.altKey || event.ctrlKey || event.metaKey || !Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  });
}

// After an attempt with errors the summary is read first.
document.getElementById("errors")?.focus();
