"use strict";
// Reads /sim/state about once a second and shows it. What the account holds is set as text, never as markup.

const FAULTS = {
  throttle: ["Throttle", "answered as throttled", "throttled"],
  server_error: ["Server error", "a 5xx; some calls were carried out all the same", "answered with a server error"],
  html: ["HTML page", "200 with a page; half of the calls were carried out", "answered with an HTML page"],
  forbidden: ["Forbidden", "403 although the key is valid", "forbidden"],
  cut_before: ["Cut before", "the connection is lost, nothing was carried out", "cut before it is carried out"],
  cut_after: ["Cut after", "carried out, then the connection is lost", "cut after it is carried out"],
  truncated: ["Truncated", "carried out, lost in the middle of the answer", "answered in part"],
  slow: ["Slow", "right, but later", "slow"],
};
/** In the order in which a call may meet them. */
const ORDER = Object.keys(FAULTS);
const NONE = Object.fromEntries(ORDER.map((name) => [name, 0]));
const ROUGH = { throttle: 0.05, server_error: 0.05, cut_after: 0.02, truncated: 0.02, slow: 0.05 };
const LANES = {
  bulk: ["Imports", "in a minute"],
  single: ["Imports of one contact", "in a minute"],
  general: ["Other calls", "in a second"],
};
const COUNTS = [
  ["Imports accepted", (r) => r.queued_batches],
  ["Imports completed", (r) => r.completed_batches],
  ["Imports failed, interrupted or forgotten", (r) => r.failed_batches + r.interrupted_batches + r.forgotten_batches],
  ["Requests refused for their contents", (r) => r.refused_requests],
  ["Contacts created", (r) => r.created],
  ["Contacts updated", (r) => r.updated],
  ["Contacts refused by the second check", (r) => Object.values(r.failures).reduce((sum, n) => sum + n, 0)],
  ["Calls that met a fault, except throttling", (r) => r.faults],
  ["Calls without the right key", (r) => r.denied],
  ["Subscribed again after they left", (r) => r.resubscribed],
];
const PAGE = 25;
const SVG = "http://www.w3.org/2000/svg";

const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en").format;
const percent = (share) => `${number(Math.round(share * 1000) / 10)} %`;
const some = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

function make(tag, { text, ...rest } = {}, ...children) {
  const element = tag === "svg" || tag === "rect" || tag === "line"
    ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

/** Writes a text only where it differs, so that a selection or a screen reader is left alone. */
function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keeps one child per item, by key, so that what is focused or pressed stays while numbers change. */
function keep(parent, items, key, build, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, place) => {
    const name = String(key(item));
    const child = old.get(name) ?? build(item);
    old.delete(name);
    child.dataset.key = name;
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
    update(child, item);
  });
  old.forEach((child) => child.remove());
}

const row = (...classes) => () => make("tr", {}, ...classes.map((name) => make("td", name ? { class: name } : {})));
const cells = (line, ...texts) => texts.forEach((text, place) => tell(line.children[place], text));

function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
}

let silence;
function say(text) {
  at("said").textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => { at("said").textContent = ""; }, 8000);
}

function gone(text) {
  at("gone").hidden = !text;
  tell(at("gone"), text);
}

async function ask(path, body) {
  const sent = body === undefined ? {}
    : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { cache: "no-store", ...sent });
  if (!answer.ok) throw new Error(`${path} was refused (${answer.status}): ${await answer.text()}`);
  return answer.json();
}

/** Does what a button is for, says so, and shows the outcome at once. */
async function act(path, body, done) {
  try {
    await ask(path, body);
    say(done);
  } catch (error) {
    say(error instanceof TypeError ? "The simulator does not answer: nothing was done." : error.message);
  }
  await look();
}

/** A button that acts when it is pressed a second time. */
function twice(button, question, action) {
  const label = button.textContent;
  let timer;
  const calm = () => { clearTimeout(timer); timer = undefined; button.textContent = label; button.classList.remove("asked"); };
  button.addEventListener("click", () => {
    if (timer) { calm(); action(); return; }
    button.textContent = question;
    button.classList.add("asked");
    timer = setTimeout(calm, 5000);
  });
}

// ---- the parts of the page ----

function showSummary(state) {
  const pace = state.speed === 1 ? "" : `, ${number(state.speed)} times as fast`;
  tell(at("summary"), `${location.host}, up for ${duration(state.now)}${pace}`);
}

function chart() {
  const label = make("span", { class: "now" });
  const axis = make("div", { class: "axis", "aria-hidden": "true" }, make("span", { text: "5 minutes ago" }), make("span", { text: "now" }));
  const plot = make("svg", { role: "img", viewBox: "0 0 300 70", preserveAspectRatio: "none" });
  return make("figure", {}, make("figcaption", {}, make("strong"), label), plot, axis);
}

function draw(figure, rate) {
  const [name, window] = LANES[rate.lane];
  const [title, label] = figure.querySelector("figcaption").children;
  tell(title, name);
  tell(label, `${number(rate.now)} of ${number(rate.limit)} ${window}`);
  label.classList.toggle("full", rate.now >= rate.limit);
  const top = Math.max(rate.limit, ...rate.peaks) * 1.12;
  // A single call of a hundred is still seen.
  const height = (value) => Math.max(1.5, (value / top) * 70);
  const width = 300 / rate.peaks.length;
  const bars = rate.peaks.flatMap((peak, place) => peak === 0 ? [] : [make("rect", {
    class: "bar", x: place * width, y: 70 - height(peak), width: width * 0.8, height: height(peak),
  })]);
  const refusals = rate.throttled.flatMap((count, place) => count === 0 ? [] : [make("rect", {
    class: "refusal", x: place * width, y: 0, width: width * 0.8, height: 6,
  })]);
  const limit = make("line", { class: "limit", x1: 0, x2: 300, y1: 70 - height(rate.limit), y2: 70 - height(rate.limit) });
  const plot = figure.querySelector("svg");
  plot.replaceChildren(...bars, ...refusals, limit);
  const refused = rate.throttled.reduce((sum, count) => sum + count, 0);
  plot.setAttribute("aria-label", `${name} of the last five minutes: at most ${Math.max(...rate.peaks)} ${window}, limit ${rate.limit}, ${refused} throttled`);
}

function showRates(state) {
  keep(at("rates"), state.rates, (rate) => rate.lane, chart, draw);
  const { throttled, throttled_general: other, throttled_by_chance: chance } = state.report;
  const total = throttled + other + chance;
  tell(at("throttled"), total === 0 ? "No call was throttled. Dashed: the limit."
    : `Throttled: ${some(throttled, "import")} and ${some(other, "other call")} by the limits, ${some(chance, "call")} by a fault. Dashed: the limit; red: throttled.`);
}

function listRow(list) {
  const line = row("", "", "number", "number", "")();
  const button = make("button", { type: "button", class: "grave", text: "Delete", "aria-label": `Delete list ${list.id}` });
  line.lastChild.append(button);
  twice(button, "Really?", () => act("/sim/delete-list", { list: list.id }, `List ${list.id} is deleted. Who was on it keeps the memory of it.`));
  return line;
}

function showLists(state) {
  keep(at("lists"), state.lists, (list) => list.id, listRow,
    (line, list) => cells(line, String(list.id), list.name, number(list.active), number(list.unsubscribed)));
}

function showImports({ imports, report }) {
  tell(at("pending-total"), imports.pending_total === 0 ? ""
    : `${some(imports.pending_total, "import")} with ${some(imports.pending_contacts, "contact")}`);
  const brief = (line, entry, last) => {
    if (!line.firstChild.firstChild) line.firstChild.append(make("code", { title: entry.id, text: entry.id.slice(0, 8) }));
    [number(entry.contacts), entry.state, last].forEach((text, place) => tell(line.children[place + 1], text));
  };
  const lines = row("", "number", "", "number");
  keep(at("pending"), imports.pending, (entry) => entry.id, lines, (line, entry) => brief(line, entry, duration(entry.age)));
  keep(at("ended"), imports.ended, (entry) => entry.id, lines, (line, entry) => brief(line, entry, number(entry.refused)));
  const more = imports.pending_total - imports.pending.length;
  tell(at("no-pending"), more > 0 ? `… and ${number(more)} more` : imports.pending_total === 0 ? "None." : "");
  const all = report.completed_batches + report.failed_batches + report.interrupted_batches;
  tell(at("no-ended"), imports.ended.length === 0 ? "None." : all > imports.ended.length ? `The last ${imports.ended.length} of ${number(all)}.` : "");
}

function faultRow(name) {
  const [title, meaning, done] = FAULTS[name] ?? [name, "", name];
  const slider = make("input", { type: "range", id: name, min: 0, max: 1, step: 0.01, "aria-describedby": `${name}-meaning` });
  const output = make("output", { for: name });
  const button = make("button", { type: "button", "aria-pressed": "false" });
  const set = (share) => {
    const more = name === "slow" && share > 0 && Number(at("slow_by").value) === 0 ? { slow_by: 5 } : {};
    const said = share === 0 ? `No call is ${done}.` : share === 1 ? `Every call is ${done}.` : `${percent(share)} of the calls are ${done}.`;
    return act("/sim/faults", { [name]: share, ...more }, said);
  };
  slider.addEventListener("input", () => tell(output, percent(slider.valueAsNumber)));
  slider.addEventListener("change", () => set(slider.valueAsNumber));
  button.addEventListener("click", () => set(button.getAttribute("aria-pressed") === "true" ? 0 : 1));
  const label = make("label", { for: name, text: title });
  const describe = make("small", { id: `${name}-meaning`, text: meaning });
  button.dataset.title = title;
  return make("div", { class: "fault" }, make("div", {}, label, describe), output, button, slider);
}

function showFault(line, [name, share]) {
  const slider = at(name) ?? line.querySelector("input");
  if (!slider.matches(":active")) {
    slider.value = share;
    tell(line.querySelector("output"), percent(share));
  }
  const button = line.querySelector("button");
  const always = share >= 1;
  tell(button, always ? "Never" : "Always");
  button.setAttribute("aria-label", `${button.dataset.title}: ${always ? "never" : "always"}`);
  button.setAttribute("aria-pressed", String(always));
}

function showFaults({ faults, revoked }) {
  const { scope, slow_by: slowBy, ...shares } = faults;
  const known = Object.entries(shares).sort(([one], [other]) => ORDER.indexOf(one) - ORDER.indexOf(other));
  keep(at("faults"), known, ([name]) => name, ([name]) => faultRow(name), showFault);
  if (document.activeElement !== at("scope")) at("scope").value = scope;
  if (document.activeElement !== at("slow_by")) at("slow_by").value = slowBy;
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  at("fault-sum").hidden = sum <= 1.0001;
  tell(at("fault-sum"), `These add up to ${percent(sum)}: those further down get what is left of the calls.`);
  at("revoke").setAttribute("aria-pressed", String(revoked));
  tell(at("revoke"), revoked ? "Give the key back" : "Revoke the key");
}

function showCounts({ report }) {
  const lines = COUNTS.flatMap(([name, count]) => [["dt", name], ["dd", number(count(report))]]);
  keep(at("counts"), lines.map(([tag, text], place) => ({ place, tag, text })), ({ place }) => place,
    ({ tag }) => make(tag), (element, { text }) => tell(element, text));
}

// ---- contacts ----

let offset = 0;
/** What the contacts on the page answer to: the search, the place in it, and the state of the account. */
let shown = "";

function contact(person) {
  const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
  const who = make("div", {}, make("strong", { text: person.email }), make("span", { text: [name, person.phone].filter(Boolean).join(", ") }));
  const lists = person.lists.map((list) => make("span", {
    class: `mark ${list.status}`,
    text: `${list.name ?? `list ${list.id} (deleted)`}: ${list.status}`,
  }));
  if (person.bounced) lists.push(make("span", { class: "mark bounced", text: "bounces" }));
  const tags = person.tags.map((tag) => make("span", { class: "mark", text: `#${tag}` }));
  const fields = make("div", { class: "fields" });
  person.fields.forEach((field, place) => fields.append(place ? ", " : "", `${field.title}: `, make("b", { text: field.value })));
  return make("li", {}, who, make("div", { class: "marks" }, ...lists, ...tags), fields);
}

async function showContacts(version) {
  const search = at("search").value.trim();
  const asked = JSON.stringify([search, offset, version]);
  if (asked === shown) return;
  shown = asked;
  const found = await ask(`/sim/contacts?${new URLSearchParams({ search, offset, limit: PAGE })}`);
  if (asked !== shown) return;
  if (offset > 0 && offset >= found.total) return turn((Math.ceil(found.total / PAGE) - 1) * PAGE);
  at("contacts").replaceChildren(...found.contacts.map(contact));
  tell(at("no-contacts"), found.total > 0 ? "" : search ? "Nobody has such an email." : "The account has no contacts.");
  const last = offset + found.contacts.length;
  tell(at("range"), found.total === 0 ? "" : `${number(offset + 1)} to ${number(last)} of ${number(found.total)}`);
  at("pages").hidden = found.total <= PAGE;
  at("newer").disabled = offset === 0;
  at("older").disabled = last >= found.total;
}

function turn(to) {
  offset = Math.max(0, to);
  return look();
}

// ---- the round ----

let next;
async function look() {
  clearTimeout(next);
  try {
    const state = await ask("/sim/state");
    [showSummary, showRates, showLists, showImports, showFaults, showCounts].forEach((show) => show(state));
    tell(at("contacts-total"), number(state.contacts));
    await showContacts(state.version);
    gone("");
  } catch (error) {
    shown = "";
    gone(error instanceof TypeError
      ? "The simulator does not answer. What is shown is the last that was heard of it; this page goes on asking."
      : error.message);
  }
  clearTimeout(next);
  next = setTimeout(look, 1000);
}

at("calm").addEventListener("click", () => act("/sim/faults", NONE, "No call meets a fault."));
at("rough").addEventListener("click", () => act("/sim/faults", { ...NONE, ...ROUGH, slow_by: 5 }, "A rough day: some of everything that happens."));
at("scope").addEventListener("change", (event) => act("/sim/faults", { scope: event.target.value }, `Faults concern ${event.target.selectedOptions[0].text}.`));
at("slow_by").addEventListener("change", (event) => act("/sim/faults", { slow_by: event.target.valueAsNumber || 0 }, `Slow answers come ${event.target.valueAsNumber || 0} s later.`));
at("revoke").addEventListener("click", () => {
  const revoked = at("revoke").getAttribute("aria-pressed") !== "true";
  return act("/sim/key", { revoked }, revoked ? "The key is revoked: every call is answered with 403." : "The key is valid again.");
});
twice(at("reset"), "Really reset?", () => { offset = 0; return act("/sim/reset", {}, "The account is reset: no contacts, no imports."); });
at("newer").addEventListener("click", () => turn(offset - PAGE));
at("older").addEventListener("click", () => turn(offset + PAGE));
at("search").addEventListener("input", () => turn(0));
at("find").addEventListener("submit", (event) => event.preventDefault());
look();
