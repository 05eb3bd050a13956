"use strict";

const POLL_MS = 2000;
const STEPS = [["queued", "Received"], ["accepted", "Accepted"], ["fulfilled", "Fulfilled"]];
const SHAPES = ["#b93c0a", "#2b6f8a", "#7a5a2b", "#4b4a86", "#80683a", "#97304f", "#2f6f52", "#5d5d5d"];

const at = (id) => document.getElementById(id);
const basket = new Map();   // product id -> quantity
const orders = new Map();   // order id -> {text, state, note, element}
let products = [];
let shown = "";
let pending = null;         // an order that was not confirmed: asked again with the same id

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function money(cents, currency) {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(cents / 100);
}

function clock(ns) {
  return new Date(ns / 1e6).toLocaleTimeString();
}

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, signal: AbortSignal.timeout(5000), cache: "no-store" });
  return { status: response.status, body: await response.json() };
}

function notify(text) {
  const notice = at("notice");
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = text === "";
}

/* The catalogue. */

async function refresh() {
  let answer;
  try {
    answer = await ask("/api/products");
  } catch {
    notify(products.length ? "The shop does not answer at the moment. We keep trying." : "");
    return showEmpty("The shop does not answer at the moment. We keep trying.");
  }
  if (answer.status !== 200) {
    notify("");
    return showEmpty("The catalogue is not available at the moment. We keep trying.");
  }
  at("empty").hidden = true;
  const { body } = answer;
  notify(body.degraded ? `Showing the catalogue as of ${clock(body.as_of_ns)}. You can go on shopping as usual.` : "");
  products = body.products;
  const now = JSON.stringify(products);
  if (now !== shown) showProducts();
  shown = now;
}

function showEmpty(text) {
  at("products").setAttribute("aria-busy", "false");
  if (products.length) return;
  at("empty").textContent = text;
  at("empty").hidden = false;
}

function showProducts() {
  const cards = products.map((product, index) => {
    const card = make("li", "product");
    const about = make("div", "about");
    const buy = make("div", "buy");
    const add = make("button", "", "Add");
    add.type = "button";
    add.setAttribute("aria-label", `Add ${product.name} to the basket`);
    add.addEventListener("click", () => change(product.id, 1));
    buy.append(make("span", "price", money(product.price_cents, product.currency)), add);
    about.append(make("h3", "", product.name), make("p", "", product.description), buy);
    card.append(picture(index), about);
    return card;
  });
  at("products").replaceChildren(...cards);
  at("products").setAttribute("aria-busy", "false");
  showBasket();
}

function picture(index) {
  const tile = make("div", "tile");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("aria-hidden", "true");
  const part = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    svg.append(element);
  };
  const fill = SHAPES[index % SHAPES.length];
  const tilt = ((index * 37) % 5 - 2) * 6;
  const transform = `rotate(${tilt} 16 26)`;
  part("ellipse", { cx: 16, cy: 30, rx: 9, ry: 1.2, fill: "#000", opacity: 0.12 });
  part("path", { d: "M16 2a6 6 0 0 1 4.6 9.9A10 10 0 1 1 11.4 11.9 6 6 0 0 1 16 2z", fill, transform });
  part("path", { d: "M6.4 19.5h19.2", stroke: "#fff", "stroke-width": 1.2, opacity: 0.6, transform });
  part("circle", { cx: 14, cy: 7.4, r: 0.9, fill: "#fff", transform });
  part("circle", { cx: 18, cy: 7.4, r: 0.9, fill: "#fff", transform });
  tile.append(svg);
  return tile;
}

/* The basket. */

function change(id, by) {
  const quantity = Math.min((basket.get(id) || 0) + by, 99);
  if (quantity > 0) basket.set(id, quantity);
  else basket.delete(id);
  pending = null;           // another basket is another order
  say("");
  showBasket();
}

function showBasket() {
  const lines = [];
  let total = 0;
  let currency = "EUR";
  for (const [id, quantity] of basket) {
    const product = products.find((known) => known.id === id);
    if (!product) continue;
    currency = product.currency;
    total += product.price_cents * quantity;
    const line = make("li");
    const remove = make("button", "remove", "−");
    remove.type = "button";
    remove.setAttribute("aria-label", `One ${product.name} less`);
    remove.addEventListener("click", () => change(id, -1));
    const amount = make("span", "amount", money(product.price_cents * quantity, currency));
    amount.append(remove);
    line.append(make("span", "", `${quantity} × ${product.name}`), amount);
    lines.push(line);
  }
  at("basket").replaceChildren(...lines);
  at("basket-empty").hidden = lines.length > 0;
  at("total-line").hidden = lines.length === 0;
  at("total").textContent = money(total, currency);
  at("place").disabled = lines.length === 0;
}

function say(text) {
  at("message").textContent = text;
  at("message").hidden = text === "";
}

/* Orders. */

function identifier() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function place() {
  const items = [...basket].map(([product_id, quantity]) => ({ product_id, quantity }));
  pending = pending || { id: identifier(), items };
  const order = pending;
  at("place").disabled = true;
  at("place").textContent = "Placing your order …";
  say("");
  try {
    placed(await ask("/api/orders", { method: "POST", body: JSON.stringify({ id: order.id, items: order.items }) }), order);
  } catch {
    order.unsure = true;
    say("No answer came, so we cannot say whether your order was stored. Press the button again: it will not be placed twice.");
  }
  at("place").textContent = pending ? "Try again" : "Place order";
  at("place").disabled = basket.size === 0;
}

function placed({ status, body }, order) {
  if (status === 201 || status === 202) {
    const text = order.items.map((item) => `${item.quantity} × ${nameOf(item.product_id)}`).join(", ");
    orders.set(order.id, { text, state: body.state });
    pending = null;
    basket.clear();
    showBasket();
    showOrders();
    watch();
  } else if (body.state === "refused" && !order.unsure) {
    say("Ordering is paused at the moment. Your order was not stored and nothing was sent; your basket is kept.");
  } else if (body.state === "refused" || body.state === "unknown") {
    order.unsure = true;    // an earlier try may have been stored: no later refusal can take that back
    say("Your order is not confirmed yet. Press the button again: it will not be placed twice.");
  } else {
    pending = null;
    say(`That order is not possible: ${body.reason || "no reason given"}.`);
  }
}

function nameOf(id) {
  const product = products.find((known) => known.id === id);
  return product ? product.name : id;
}

function showOrders() {
  const lines = [...orders].reverse().map(([id, order]) => {
    const line = make("li");
    const steps = make("div", "steps");
    const reached = STEPS.findIndex(([state]) => state === order.state);
    STEPS.forEach(([, label], index) => steps.append(make("span", index <= reached ? "done" : "", label)));
    line.append(make("p", "what", order.text), steps);
    if (order.state === "queued") {
      line.append(make("p", "muted", "Safely stored. It will be accepted as soon as ordering catches up."));
    }
    line.append(make("p", "id", id));
    return line;
  });
  at("orders").replaceChildren(...lines);
  at("orders-empty").hidden = lines.length > 0;
}

async function watch() {
  for (const [id, order] of orders) {
    if (order.state === "fulfilled") continue;
    try {
      const { status, body } = await ask(`/api/orders/${id}`);
      if (status === 200 && body.state !== order.state) {
        order.state = body.state;
        showOrders();
      }
    } catch {
      /* asked again at the next turn */
    }
  }
}

async function turn() {
  await Promise.all([refresh(), watch()]);
  setTimeout(turn, document.hidden ? POLL_MS * 5 : POLL_MS);
}

at("place").addEventListener("click", place);
turn();
