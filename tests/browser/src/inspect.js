// Everything on this page, as it is laid out now, that would trouble a reader.
const complaints = [];
const complain = (element, what) => {
  const name = element.id ? `#${element.id}` : `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`;
  complaints.push(`${name} “${(element.textContent ?? "").trim().slice(0, 40)}”: ${what}`);
};
const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  && element.getBoundingClientRect().width > 1;
const up = function* (element) { for (let e = element; e; e = e.parentElement) yield e; };

// Nothing sticks out, unless it can be scrolled or is cut off on purpose.
const root = document.documentElement;
const width = root.clientWidth;
if (root.scrollWidth > width) complaints.push(`the page is ${root.scrollWidth} wide on a screen of ${width}`);
const held = (element) => [...up(element.parentElement)].some((e) => e !== document.body && e !== root && getComputedStyle(e).overflowX !== "visible");
for (const element of document.body.querySelectorAll("*")) {
  const box = element.getBoundingClientRect();
  if (visible(element) && (box.right > width + 1 || box.left < -1) && !held(element)) complain(element, `sticks out: ${box.left} to ${box.right} of ${width}`);
}

// Text stands out from what is behind it: WCAG's contrast of 4.5, or 3 where it is large.
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const known = new Map();
const rgba = (colour) => {
  if (!known.has(colour)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
  }
  return known.get(colour);
};
const over = ([r, g, b, a], back) => [r, g, b].map((c, i) => (c * a + back[i] * (255 - a)) / 255);
const luminance = (colour) => colour.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (element) => [...up(element)].reverse().reduce((back, e) => over(rgba(getComputedStyle(e).backgroundColor), back), rgba("Canvas").slice(0, 3));
for (const element of document.body.querySelectorAll("*")) {
  const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!own || !visible(element) || element.closest("svg, script, style, template, noscript, :disabled, option")) continue;
  const style = getComputedStyle(element);
  const back = ground(element);
  const [light, dark] = [luminance(over(rgba(style.color), back)), luminance(back)].sort((a, b) => b - a);
  const contrast = (light + 0.05) / (dark + 0.05);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (contrast < (large ? 3 : 4.5)) complain(element, `contrast ${contrast.toFixed(2)}`);
}

// The scheme that was asked for is the one that is shown.
const night = luminance(ground(document.body)) < 0.2;
if (night !== matchMedia("(prefers-color-scheme: dark)").matches) complaints.push(night ? "dark by day" : "bright at night");

// What programs read to people: a title, one heading of the page, names of controls and pictures.
if (!document.title.trim()) complaints.push("no title");
const headings = [...document.querySelectorAll("h1")].filter((h) => visible(h) && h.textContent.trim());
if (headings.length !== 1) complaints.push(`${headings.length} headings of the page`);
if (!root.lang) complaints.push("no language");
for (const control of document.querySelectorAll("button, a[href], input, select, textarea, summary, [role=img]")) {
  const name = control.getAttribute("aria-label") ?? control.getAttribute("aria-labelledby") ?? [...(control.labels ?? [])].map((l) => l.textContent).join("");
  if (visible(control) && !(name.trim() || control.textContent.trim())) complain(control, "has no name");
}
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) complaints.push(`two elements are #${id}`);
return complaints;
