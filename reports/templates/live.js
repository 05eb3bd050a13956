(() => {
"use strict";

const page = document.getElementById("page");
const parts = new Map();      // key -> element
const source = new EventSource("/events");
let ended = false;
const tenths = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

source.onmessage = (event) => {
  const message = JSON.parse(event.data);
  const anchor = [...parts].find(([, element]) => element.getBoundingClientRect().bottom > 0);
  const before = anchor ? anchor[1].getBoundingClientRect().top : 0;
  const scrolled = window.scrollY > 0 && !message.final;
  if (!parts.size) page.replaceChildren();
  for (const [key, html] of Object.entries(message.parts)) exchange(key, html);
  for (const [key, element] of parts) {
    if (!message.order.includes(key)) { element.remove(); parts.delete(key); }
  }
  message.order.forEach((key, index) => {
    const element = parts.get(key);
    if (page.children[index] !== element) page.insertBefore(element, page.children[index] || null);
  });
  for (const key of Object.keys(message.parts)) parts.get(key).dispatchEvent(new CustomEvent("fresh", { bubbles: true }));
  const now = anchor && parts.get(anchor[0]);
  if (scrolled && now) window.scrollBy({ top: now.getBoundingClientRect().top - before, behavior: "instant" });
  document.title = new DOMParser().parseFromString(message.title, "text/html").documentElement.textContent;
  const said = document.getElementById("said");
  if (said.textContent !== message.said) said.textContent = message.said;
  document.getElementById("lost").hidden = true;
  if (message.final) finish();
  tick();
};

source.onerror = () => { document.getElementById("lost").hidden = ended; };

function exchange(key, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  const old = parts.get(key);
  if (old) {
    keep(old, fresh);
    old.replaceWith(fresh);
    old.querySelectorAll(".scroll").forEach((from, index) => {
      const to = fresh.querySelectorAll(".scroll")[index];
      if (to) to.scrollLeft = from.dataset.left || 0;
    });
  }
  parts.set(key, fresh);
}

/* What a reader has opened, or moved to the side, stays so. */
function keep(old, fresh) {
  old.querySelectorAll(".scroll").forEach((one) => { one.dataset.left = one.scrollLeft; });
  const opened = [...old.querySelectorAll("details")].map((one) => one.open);
  fresh.querySelectorAll("details").forEach((one, index) => { one.open = opened[index] || false; });
}

function finish() {
  ended = true;
  source.close();
  window.scrollTo({ top: 0, behavior: "instant" });
}

function tick() {
  for (const one of document.querySelectorAll("[data-clock]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - one.dataset.clock) / 1000));
    one.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
  for (const one of document.querySelectorAll("[data-seconds]")) {
    one.textContent = `${tenths.format(Math.max(0, (Date.now() - one.dataset.seconds) / 1000))} s`;
  }
}

setInterval(tick, 100);
})();
