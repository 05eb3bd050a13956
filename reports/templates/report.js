// Values under the pointer, and zoom. The page is whole without it: charts are pictures, tables have the numbers.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const body = document.body;
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  body.append(tip);
  const number = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  const parts = (chart) => [...chart.querySelectorAll(".readout"), ...chart.querySelectorAll(".state")].map((element) => {
    const title = element.querySelector("title");
    const from = Number(element.getAttribute("x"));
    const found = { from, to: from + Number(element.getAttribute("width")), lines: title.textContent.split("\n") };
    title.remove(); // or the browser would show it a second time
    return found;
  });

  const setUp = (chart) => {
    const [x0, x1, t0, t1] = chart.dataset.time.split(" ").map(Number);
    const spans = parts(chart);
    const line = document.createElementNS(SVG, "line");
    line.setAttribute("class", "cross");
    line.setAttribute("y1", "30");
    line.setAttribute("y2", String(chart.viewBox.baseVal.height - 24));
    let at = null;

    const hide = () => { at = null; line.remove(); tip.classList.remove("shown"); };
    const show = (x) => {
      at = Math.min(Math.max(x, x0), x1);
      line.setAttribute("x1", String(at));
      line.setAttribute("x2", String(at));
      if (!line.parentNode) chart.append(line);
      const seconds = t0 + (at - x0) / (x1 - x0) * (t1 - t0);
      const lines = spans.filter((one) => one.from <= at && at < one.to).flatMap((one) => one.lines);
      const head = document.createElement("b");
      head.textContent = `${number.format(seconds)} s`;
      tip.replaceChildren(head, ...lines.map((text) => {
        const row = document.createElement("span");
        row.textContent = text;
        return row;
      }));
      tip.classList.add("shown");
      const box = chart.getBoundingClientRect();
      const left = box.left + at / chart.viewBox.baseVal.width * box.width;
      const room = document.documentElement.clientWidth;
      tip.style.left = `${left + 14 + tip.offsetWidth > room ? Math.max(4, left - 14 - tip.offsetWidth) : left + 14}px`;
      tip.style.top = `${Math.min(Math.max(8, box.top + 34), window.innerHeight - tip.offsetHeight - 8)}px`;
    };

    chart.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
      if (x < x0 || x > x1) hide(); else show(x);
    });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.setAttribute("tabindex", "0");
    chart.setAttribute("aria-description", body.dataset.keys);
    chart.addEventListener("keydown", (event) => {
      const step = (x1 - x0) / (event.shiftKey ? 20 : 100);
      const start = at === null ? x0 : at;
      const next = { ArrowRight: start + step, ArrowLeft: start - step, Home: x0, End: x1 }[event.key];
      if (next !== undefined) { show(next); event.preventDefault(); }
      if (event.key === "Escape") hide();
    });
  };

  const zoomable = (figure) => {
    const bar = document.createElement("div");
    bar.className = "zoom";
    let factor = 1;
    const set = (next) => {
      factor = Math.min(Math.max(next, 1), 8);
      for (const chart of figure.querySelectorAll("svg")) chart.style.width = `${factor * 100}%`;
      figure.classList.toggle("zoomed", factor > 1);
    };
    for (const [sign, label, by] of [["−", body.dataset.out, 0.5], ["+", body.dataset.in, 2]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.title = label;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => set(factor * by));
      bar.append(button);
    }
    figure.prepend(bar);
  };

  const equip = (root) => {
    root.querySelectorAll("svg[data-time]").forEach(setUp);
    root.querySelectorAll("figure.readable").forEach(zoomable);
  };
  equip(document);
  document.addEventListener("fresh", (event) => { tip.classList.remove("shown"); equip(event.target); }); // it came later
  addEventListener("scroll", () => tip.classList.remove("shown"), { passive: true });
})();
